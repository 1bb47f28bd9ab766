//! The body of an answer that a hub fills, in somebody else's server.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, DuplexStream, ReadBuf, duplex};

/// Bytes that may wait between the hub and whoever sends the body.
const PIPE: usize = 16 * 1024;

/// Bytes that are handed on at once.
const CHUNK: usize = 8 * 1024;

/// The answer to a client that asked for events, see [`Handle::events`](super::Handle::events): the events, or why not.
///
/// When it is dropped, the client has left.
pub struct EventBody(Content);

enum Content {
    Text(Bytes),
    Pipe(DuplexStream),
}

impl EventBody {
    pub(super) fn text(text: String) -> Self {
        Self(Content::Text(text.into()))
    }

    /// Gives the end that the hub writes to, and the body of what comes out of the other.
    pub(super) fn pipe() -> (DuplexStream, Self) {
        let (input, output) = duplex(PIPE);
        (input, Self(Content::Pipe(output)))
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match &mut self.0 {
            Content::Text(text) => std::mem::take(text),
            Content::Pipe(pipe) => {
                let mut chunk = [0; CHUNK];
                let mut buffer = ReadBuf::new(&mut chunk);
                // An error is an end.
                let _ = ready!(Pin::new(pipe).poll_read(task, &mut buffer));
                Bytes::copy_from_slice(buffer.filled())
            }
        };
        let frame = (!chunk.is_empty()).then(|| Ok(Frame::data(chunk)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Content::Text(text) if text.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Text(text) => SizeHint::with_exact(text.len() as u64),
            Content::Pipe(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for EventBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody").finish_non_exhaustive()
    }
}
