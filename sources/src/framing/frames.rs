//! `frames`: what any reader gives, cut into items.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use futures_core::Stream;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::io::AsyncRead;
use tokio_util::codec::{Decoder, FramedRead};

use super::{FrameCause, FrameError};
use crate::line_source::SOCKET_READ;

/// Cuts what `reader` gives into items, as `framing` says; errors call the reader `name`.
///
/// Completes at the end of the reader, or when it is asked to stop, and drops the reader then.
///
/// # Backpressure
///
/// Reads on when the consumer wants more. Holds no item, and at most one frame or 8 KiB of bytes.
///
/// # Errors
///
/// [`FrameError`] if the reader fails or ends within a frame, or if a frame is too long or none. It tells the frame.
///
/// # Cancel safety
///
/// Dropping the flow drops the reader, with the bytes that were read beyond the last item.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::framing::{Prefix, frames, length_prefixed}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bytes = b"\x00\x03sea\x00\x04salt";
/// let words = frames(&bytes[..], "a file", length_prefixed(Prefix::U16));
/// assert_eq!(words.collect::<Vec<_>>().await?, ["sea", "salt"]);
/// # Ok(()) }
/// ```
#[doc(alias = "framed_read")]
#[doc(alias = "codec")]
#[track_caller]
pub fn frames<R, D>(reader: R, name: impl fmt::Display, framing: D) -> Flow<Frames<R, D>>
where
    R: AsyncRead + Unpin,
    D: Decoder<Error: Into<FrameCause>>,
{
    Flow::new(Frames {
        reader: Some(FrameReader::new(reader, name.to_string(), framing)),
        id: StageId::here("frames"),
    })
}

/// The observable of [`frames`].
#[must_use = "observables do nothing unless they are polled"]
pub struct Frames<R, D> {
    reader: Option<FrameReader<R, D>>,
    id: StageId,
}

// Neither the reader nor the framing is ever pinned.
impl<R, D> Unpin for Frames<R, D> {}

impl<R, D> Observable for Frames<R, D>
where
    R: AsyncRead + Unpin,
    D: Decoder<Error: Into<FrameCause>>,
{
    type Item = D::Item;
    type Error = FrameError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, FrameError>>
    where
        F: FnMut(D::Item) -> ControlFlow<()>,
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

impl<R, D> fmt::Debug for Frames<R, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames")
            .field("from", &self.reader.as_ref().map(|reader| &reader.from))
            .finish_non_exhaustive()
    }
}

/// Emits the frames of an open reader, and knows which frame it is at.
pub(crate) struct FrameReader<R, D> {
    frames: FramedRead<R, Causes<D>>,
    from: String,
    /// Frames that were read.
    read: u64,
}

impl<R, D> FrameReader<R, D>
where
    R: AsyncRead + Unpin,
    D: Decoder<Error: Into<FrameCause>>,
{
    pub(crate) fn new(reader: R, from: String, framing: D) -> Self {
        Self {
            frames: FramedRead::with_capacity(reader, Causes(framing), SOCKET_READ),
            from,
            read: 0,
        }
    }

    pub(crate) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(D::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, FrameError>> {
        loop {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            match ready!(Pin::new(&mut self.frames).poll_next(cx.task())) {
                Some(Ok(frame)) => {
                    cx.spend_many(1);
                    self.read += 1;
                    if emit(frame).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Some(Err(cause)) => {
                    let error = FrameError::new(&self.from, self.read + 1, cause.0);
                    return Poll::Ready(Err(error));
                }
                None => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }
}

/// The framing, with errors of one type.
struct Causes<D>(D);

/// `FramedRead` wants errors that an error of the system can become; a cause that this crate made passes through one.
struct Cause(FrameCause);

impl From<std::io::Error> for Cause {
    fn from(error: std::io::Error) -> Self {
        Self(match error.downcast::<crate::net::Silence>() {
            Ok(silence) => FrameCause::Idle(silence.0),
            Err(error) => FrameCause::Read(error),
        })
    }
}

impl<D: Decoder<Error: Into<FrameCause>>> Decoder for Causes<D> {
    type Item = D::Item;
    type Error = Cause;

    fn decode(&mut self, bytes: &mut bytes::BytesMut) -> Result<Option<D::Item>, Cause> {
        self.0.decode(bytes).map_err(|cause| Cause(cause.into()))
    }

    fn decode_eof(&mut self, bytes: &mut bytes::BytesMut) -> Result<Option<D::Item>, Cause> {
        self.0
            .decode_eof(bytes)
            .map_err(|cause| Cause(cause.into()))
    }
}
