//! `chunks`: the bytes of a file, in pieces.

use std::{
    ops::ControlFlow,
    path::Path,
    pin::Pin,
    task::{Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow};
use tokio_util::io::poll_read_buf;

use super::{error::FileError, input::Input, unblocked::Unblocked};
use crate::line_source::{Opening, Origin};

/// Bytes of a piece unless it is told otherwise: 64 KiB.
const DEFAULT_SIZE: usize = 64 * 1024;

/// What is made room for at once, however large a piece may become: a small file costs little.
const ROOM: usize = 1024 * 1024;

/// Emits the bytes of a file in pieces of 64 KiB; for another size see [`Chunks::size`].
///
/// ```text
///      chunks("0123456789") of 4 bytes
/// out  --0123-4567-89-|
/// ```
///
/// Every piece but the last has exactly that size; none is empty. What the file holds when its end is reached is what
/// comes, also if it grew meanwhile. Completes at the end of the file, or when it is asked to stop.
///
/// # Backpressure
///
/// What comes next is read while the consumer is at work, except from a pipe. Holds no item, 512 KiB of bytes, and less than a piece.
///
/// # Cancel safety
///
/// Nothing is lost that could not be read again.
///
/// # Errors
///
/// [`FileError`] if the file cannot be opened or read. It names the file and how far it was read.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::chunks};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let bytes = chunks("Cargo.toml").fold(0, |sum, piece| sum + piece.len()).await;
/// assert_eq!(bytes.unwrap() as u64, std::fs::metadata("Cargo.toml").unwrap().len());
/// # }
/// ```
#[doc(alias = "read")]
#[doc(alias = "from_file")]
#[doc(alias = "ReaderStream")]
#[track_caller]
pub fn chunks(path: impl AsRef<Path>) -> Flow<Chunks> {
    Chunks::new(path).flow()
}

/// The observable of [`chunks`]. A clone reads the file from its start.
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Chunks {
    input: Input,
    size: usize,
    state: State,
    id: StageId,
}

enum State {
    Idle,
    Opening(Opening<Unblocked>),
    Reading(Reading),
    Ended,
}

struct Reading {
    file: Unblocked,
    piece: BytesMut,
    emitted: u64,
}

impl Chunks {
    /// Names the file; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            input: Input::new(path.as_ref()),
            size: DEFAULT_SIZE,
            state: State::Idle,
            id: StageId::here("chunks"),
        }
    }

    /// Makes pieces of so many bytes, in place of 64 KiB.
    ///
    /// # Panics
    ///
    /// Panics if `bytes` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::Chunks};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut pieces = Chunks::new("Cargo.toml").size(9).flow();
    /// assert_eq!(pieces.next().await.unwrap().unwrap().len(), 9);
    /// # }
    /// ```
    #[track_caller]
    pub fn size(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "chunks of 0 bytes never come to an end");
        self.size = bytes;
        self
    }

    /// Decompresses what is in gzip or zstd, told by its first bytes; anything else comes as it is.
    ///
    /// Members or frames that follow each other are one text, as the tools of these formats have it. Decompression runs
    /// on another thread and holds at most what its format asks for, 128 MiB for the largest window of zstd. Errors
    /// count the bytes after decompression.
    #[cfg(feature = "compression")]
    pub fn decompress(mut self) -> Self {
        self.input.decompress();
        self
    }
}

impl Reading {
    /// Reads until there is a whole piece, or the rest of the file; empty at its end.
    fn poll_piece(&mut self, size: usize, cx: &mut Cx<'_, '_>) -> Poll<std::io::Result<Bytes>> {
        while self.piece.len() < size {
            let missing = size - self.piece.len();
            if self.piece.capacity() == self.piece.len() {
                self.piece.reserve(missing.min(ROOM));
            }
            let mut room = (&mut self.piece).limit(missing);
            let read = ready!(poll_read_buf(
                Pin::new(&mut self.file),
                cx.task(),
                &mut room
            ))?;
            if read == 0 {
                break;
            }
        }
        let piece = self.piece.split().freeze();
        self.emitted += piece.len() as u64;
        Poll::Ready(Ok(piece))
    }
}

impl Observable for Chunks {
    type Item = Bytes;
    type Error = FileError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, FileError>>
    where
        F: FnMut(Bytes) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.state = State::Ended;
        }
        loop {
            match &mut this.state {
                State::Idle => this.state = State::Opening(this.input.open()),
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx.task())) {
                    Ok(file) => {
                        this.state = State::Reading(Reading {
                            file,
                            piece: BytesMut::new(),
                            emitted: 0,
                        });
                    }
                    Err(cause) => {
                        this.state = State::Ended;
                        let path = this.input.path().to_owned();
                        return Poll::Ready(Err(FileError::Open { path, cause }));
                    }
                },
                State::Reading(reading) => {
                    if cx.budget() == 0 {
                        return Poll::Ready(Ok(Drained::Exhausted));
                    }
                    match ready!(reading.poll_piece(this.size, cx)) {
                        Ok(piece) if piece.is_empty() => this.state = State::Ended,
                        Ok(piece) => {
                            cx.spend_many(1);
                            if emit(piece).is_break() {
                                return Poll::Ready(Ok(Drained::Stopped));
                            }
                        }
                        Err(cause) => {
                            let position = reading.emitted;
                            this.state = State::Ended;
                            let path = this.input.path().to_owned();
                            return Poll::Ready(Err(FileError::Read {
                                path,
                                position,
                                cause,
                            }));
                        }
                    }
                }
                State::Ended => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl Clone for Chunks {
    fn clone(&self) -> Self {
        Self {
            input: self.input.clone(),
            size: self.size,
            state: State::Idle,
            id: self.id,
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle => "Idle",
            Self::Opening(_) => "Opening",
            Self::Reading(_) => "Reading",
            Self::Ended => "Ended",
        })
    }
}
