//! Lines of whatever can be read, once it is open: what files and connections have in common.

use std::{
    fmt, io,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use memchr::memchr;
use thalweg_core::{Cx, Drained, Plan, StageId};
use tokio::io::AsyncBufRead;

use crate::ReadError;

/// Bytes that a line may have unless it is told otherwise: 1 MiB.
pub const DEFAULT_MAX_LENGTH: usize = 1024 * 1024;

/// Something that is opened to be read.
pub(crate) trait Origin {
    type Reader: AsyncBufRead + Send + Unpin;

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
                        let reader = LineReader::new(reader, self.origin.name(), self.max_length);
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
    reader: R,
    from: String,
    max_length: usize,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// Lines that were read.
    read: u64,
}

impl<R: AsyncBufRead + Unpin> LineReader<R> {
    pub(crate) fn new(reader: R, from: String, max_length: usize) -> Self {
        Self {
            reader,
            from,
            max_length,
            begun: Vec::new(),
            read: 0,
        }
    }

    pub(crate) fn set_max_length(&mut self, bytes: usize) {
        self.max_length = bytes;
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
            match ready!(self.poll_line(cx.task())) {
                Ok(Some(line)) => {
                    cx.spend_many(1);
                    self.read += 1;
                    if emit(line).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Ok(None) => return Poll::Ready(Ok(Drained::Completed)),
                Err(wrong) => return Poll::Ready(Err(self.failed(wrong))),
            }
        }
    }

    /// Cuts the next line off what is read.
    fn poll_line(&mut self, task: &mut Context<'_>) -> Poll<Result<Option<String>, Wrong>> {
        loop {
            let bytes = ready!(Pin::new(&mut self.reader).poll_fill_buf(task))?;
            if bytes.is_empty() {
                // The last line needs no end.
                let last = std::mem::take(&mut self.begun);
                let is_one = !matches!(*last, [] | [b'\r']);
                return Poll::Ready(is_one.then(|| text(&last, self.max_length)).transpose());
            }
            let end = memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let taken = part.len() + usize::from(end.is_some());
            let line = if end.is_some() && self.begun.is_empty() {
                Some(text(part, self.max_length))
            } else {
                self.begun.extend_from_slice(part);
                let is_whole = end.is_some() || is_too_long(&self.begun, self.max_length);
                let line = is_whole.then(|| text(&self.begun, self.max_length));
                if is_whole {
                    self.begun.clear();
                }
                line
            };
            Pin::new(&mut self.reader).consume(taken);
            if let Some(line) = line {
                return Poll::Ready(line.map(Some));
            }
        }
    }

    fn failed(&self, wrong: Wrong) -> ReadError {
        let from = self.from.clone();
        let line = self.read + 1;
        match wrong {
            Wrong::TooLong => ReadError::TooLong {
                from,
                line,
                limit: self.max_length,
            },
            Wrong::NotText => ReadError::NotText { from, line },
            Wrong::Read(cause) => ReadError::Read { from, line, cause },
        }
    }
}

/// What can be wrong with a line.
pub(crate) enum Wrong {
    TooLong,
    NotText,
    Read(io::Error),
}

impl From<io::Error> for Wrong {
    fn from(cause: io::Error) -> Self {
        Self::Read(cause)
    }
}

/// Makes a text of a line without its end, of which a `\r` is a part.
pub(crate) fn text(line: &[u8], max_length: usize) -> Result<String, Wrong> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > max_length {
        return Err(Wrong::TooLong);
    }
    match str::from_utf8(line) {
        Ok(line) => Ok(line.to_owned()),
        Err(_) => Err(Wrong::NotText),
    }
}

/// Tells whether what a line begins with is more than it may have; the last byte may be a part of its end.
pub(crate) fn is_too_long(begun: &[u8], max_length: usize) -> bool {
    begun.len() > max_length.saturating_add(1)
}
