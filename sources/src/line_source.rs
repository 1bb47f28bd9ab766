//! Lines of whatever can be read, once it is open: what files and connections have in common.

use std::{
    fmt, io,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use futures_core::Stream;
use thalweg_core::{Cx, Drained, Plan, StageId};
use tokio::io::AsyncRead;
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

use crate::ReadError;

/// Bytes that a line may have unless it is told otherwise: 1 MiB.
pub const DEFAULT_MAX_LENGTH: usize = 1024 * 1024;

/// Something that is opened to be read.
pub(crate) trait Origin {
    type Reader: AsyncRead + Send + Unpin;

    /// Bytes that are read at once.
    const READ_AT_ONCE: usize;

    /// Says what it is, as the middle of a sentence: "cannot open ...".
    fn name(&self) -> String;

    fn open(&self) -> Opening<Self::Reader>;
}

/// What connections read at once: there may be thousands of them.
pub(crate) const SOCKET_READ: usize = 8 * 1024;

pub(crate) type Opening<R> = Pin<Box<dyn Future<Output = io::Result<R>> + Send>>;

/// Opens its origin at the first poll and emits its lines. A clone opens it anew.
pub(crate) struct LineSource<O: Origin> {
    pub(crate) origin: O,
    pub(crate) max_length: usize,
    state: State<O::Reader>,
    id: StageId,
}

enum State<R> {
    Idle,
    Opening(Opening<R>),
    Reading(LineReader<R>),
    Ended,
}

impl<O: Origin> LineSource<O> {
    #[track_caller]
    pub(crate) fn new(name: &'static str, origin: O) -> Self {
        Self {
            origin,
            max_length: DEFAULT_MAX_LENGTH,
            state: State::Idle,
            id: StageId::here(name),
        }
    }

    pub(crate) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: impl FnMut(String) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, ReadError>> {
        if cx.stopping() {
            self.state = State::Ended;
        }
        loop {
            match &mut self.state {
                State::Idle => self.state = State::Opening(self.origin.open()),
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx.task())) {
                    Ok(reader) => {
                        let reader = LineReader::new(
                            reader,
                            self.origin.name(),
                            self.max_length,
                            O::READ_AT_ONCE,
                        );
                        self.state = State::Reading(reader);
                    }
                    Err(cause) => {
                        self.state = State::Ended;
                        let from = self.origin.name();
                        return Poll::Ready(Err(ReadError::Open { from, cause }));
                    }
                },
                State::Reading(reader) => {
                    let drained = ready!(reader.poll_drain(cx, emit));
                    if matches!(drained, Ok(Drained::Completed) | Err(_)) {
                        self.state = State::Ended;
                    }
                    return Poll::Ready(drained);
                }
                State::Ended => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }

    pub(crate) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<O: Origin + Clone> Clone for LineSource<O> {
    fn clone(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            max_length: self.max_length,
            state: State::Idle,
            id: self.id,
        }
    }
}

impl<O: Origin> fmt::Debug for LineSource<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("origin", &self.origin.name())
            .field("max_length", &self.max_length)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}

/// Emits the lines of an open reader, and knows which line it is at.
pub(crate) struct LineReader<R> {
    lines: FramedRead<R, LinesCodec>,
    from: String,
    /// Lines that were read.
    read: u64,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(reader: R, from: String, max_length: usize, read_at_once: usize) -> Self {
        let codec = LinesCodec::new_with_max_length(max_length);
        Self {
            lines: FramedRead::with_capacity(reader, codec, read_at_once),
            from,
            read: 0,
        }
    }

    pub(crate) fn set_max_length(&mut self, bytes: usize) {
        *self.lines.decoder_mut() = LinesCodec::new_with_max_length(bytes);
    }

    pub(crate) fn from(&self) -> &str {
        &self.from
    }

    pub(crate) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(String) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, ReadError>> {
        loop {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            match ready!(Pin::new(&mut self.lines).poll_next(cx.task())) {
                Some(Ok(line)) => {
                    cx.spend_many(1);
                    self.read += 1;
                    if emit(line).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Err(self.failed(error))),
                None => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }

    fn failed(&self, error: LinesCodecError) -> ReadError {
        let from = self.from.clone();
        let line = self.read + 1;
        match error {
            LinesCodecError::MaxLineLengthExceeded => ReadError::TooLong {
                from,
                line,
                limit: self.lines.decoder().max_length(),
            },
            LinesCodecError::Io(cause) if cause.kind() == io::ErrorKind::InvalidData => {
                ReadError::NotText { from, line }
            }
            LinesCodecError::Io(cause) => ReadError::Read { from, line, cause },
        }
    }
}
