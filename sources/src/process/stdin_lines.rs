//! `stdin_lines`: the lines of the standard input.

use std::{
    io::{self, Read},
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use bytes::Bytes;
use futures_core::Stream;
use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{Flow, IntoFlow};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::io::StreamReader;

use crate::{
    ReadError,
    line_source::{LineSource, Opening, Origin, SOCKET_READ},
};

/// Emits the lines of the standard input, without their ends.
///
/// Both `\n` and `\r\n` end a line; the last one needs no end. A line may have 1 MiB; for another limit see
/// [`StdinLines::max_length`]. Completes at the end of the input, or when it is asked to stop.
///
/// The input is read by a thread of its own, which no program waits for at its end, and no runtime: also one whose user
/// never presses enter.
///
/// # Backpressure
///
/// The thread reads on when the consumer wants more. Holds no line, and at most one line and 24 KiB of bytes.
///
/// # Errors
///
/// [`ReadError`] if the input cannot be read, or if a line is too long or no UTF-8. It tells the line.
///
/// # Cancel safety
///
/// Dropping the flow loses the bytes that were read beyond the last line, and those of the read that waits, if anything
/// comes: a program should read its input once.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{prelude::*, sources::stdin_lines};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// stdin_lines().for_each(|line| println!("{}", line.to_uppercase())).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "keyboard")]
#[track_caller]
pub fn stdin_lines() -> Flow<StdinLines> {
    StdinLines::new().flow()
}

/// The observable of [`stdin_lines`].
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct StdinLines {
    source: LineSource<Stdin>,
}

impl StdinLines {
    /// Names the input; [`flow`](IntoFlow::flow) puts the operators on it.
    #[expect(
        clippy::new_without_default,
        reason = "it takes note of its caller's place"
    )]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            source: LineSource::new("stdin_lines", Stdin),
        }
    }

    /// Lets a line have at most so many bytes, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.source.max_length = bytes;
        self
    }
}

impl Observable for StdinLines {
    type Item = String;
    type Error = ReadError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, ReadError>>
    where
        F: FnMut(String) -> ControlFlow<()>,
    {
        self.source.poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.source.describe(plan);
    }
}

struct Stdin;

impl Origin for Stdin {
    type Reader = StreamReader<FromThread, Bytes>;

    fn name(&self) -> String {
        "the standard input".to_owned()
    }

    fn open(&self) -> Opening<Self::Reader> {
        let (sender, chunks) = channel(1);
        let thread = thread::Builder::new().name("stdin".to_owned());
        let spawned = thread.spawn(move || read_all(&sender));
        let reader = StreamReader::new(FromThread { chunks });
        Box::pin(std::future::ready(spawned.map(|_| reader)))
    }
}

/// The thread: hands over what it reads, until there is no more or nobody takes it.
fn read_all(sender: &Sender<io::Result<Bytes>>) {
    let mut buffer = vec![0; SOCKET_READ];
    loop {
        let read = match io::stdin().read(&mut buffer) {
            Ok(0) => return,
            Ok(len) => Ok(Bytes::copy_from_slice(&buffer[..len])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_over = read.is_err();
        if sender.blocking_send(read).is_err() || is_over {
            return;
        }
    }
}

/// What another thread reads.
struct FromThread {
    chunks: Receiver<io::Result<Bytes>>,
}

impl Stream for FromThread {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.poll_recv(task)
    }
}
