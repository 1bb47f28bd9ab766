//! `read_lines`: the lines of any reader.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow};
use tokio::io::{AsyncRead, BufReader};

use crate::{
    ReadError,
    line_source::{DEFAULT_MAX_LENGTH, LineReader, SOCKET_READ},
};

/// Emits the lines of `reader`, without their ends; errors call it `name`.
///
/// Both `\n` and `\r\n` end a line; the last one needs no end. A line may have 1 MiB; for another limit see
/// [`ReadLines::max_length`]. Completes at the end of the reader, or when it is asked to stop, and drops the reader then.
///
/// # Backpressure
///
/// Reads on when the consumer wants more. Holds no line, and at most one line or 8 KiB of bytes.
///
/// # Cancel safety
///
/// Dropping the flow drops the reader, with the bytes that were read beyond the last line.
///
/// # Errors
///
/// [`ReadError`] if the reader fails, or if a line is too long or no UTF-8. It tells the line.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::read_lines};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let words = read_lines(&b"to\nthe\nsea"[..], "a poem");
/// assert_eq!(words.collect::<Vec<_>>().await.unwrap(), ["to", "the", "sea"]);
/// # }
/// ```
#[track_caller]
pub fn read_lines<R>(reader: R, name: impl fmt::Display) -> Flow<ReadLines<R>>
where
    R: AsyncRead + Unpin,
{
    ReadLines::new(reader, name).flow()
}

/// The observable of [`read_lines`].
#[must_use = "observables do nothing unless they are polled"]
pub struct ReadLines<R> {
    reader: Option<LineReader<BufReader<R>>>,
    id: StageId,
}

impl<R: AsyncRead + Unpin> ReadLines<R> {
    /// Names the reader; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(reader: R, name: impl fmt::Display) -> Self {
        let reader = BufReader::with_capacity(SOCKET_READ, reader);
        let reader = LineReader::new(reader, name.to_string(), DEFAULT_MAX_LENGTH);
        Self {
            reader: Some(reader),
            id: StageId::here("read_lines"),
        }
    }

    /// Lets a line have at most so many bytes, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        if let Some(reader) = &mut self.reader {
            reader.set_max_length(bytes);
        }
        self
    }
}

impl<R: AsyncRead + Unpin> Observable for ReadLines<R> {
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
        if cx.stopping() {
            self.reader = None;
        }
        let Some(reader) = &mut self.reader else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = ready!(reader.poll_drain(cx, emit));
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            self.reader = None;
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<R: AsyncRead + Unpin> fmt::Debug for ReadLines<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadLines")
            .field("from", &self.reader.as_ref().map(LineReader::from))
            .finish_non_exhaustive()
    }
}
