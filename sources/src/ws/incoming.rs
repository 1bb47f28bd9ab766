//! The messages of an open WebSocket, whoever opened it.

use std::{
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use futures_core::Stream;
use thalweg_core::{Cx, Drained};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::WsError;

/// What came of a poll.
pub(super) enum Incoming {
    /// There may be more.
    Paused(Drained),
    /// The other side closed the connection, and that is a good end.
    Closed {
        /// The status code of RFC 6455.
        code: u16,
        /// The other side's own words, often none.
        reason: String,
    },
}

/// The code that stands for none, by RFC 6455.
const NO_CODE: u16 = 1005;

/// Emits texts and binaries. Pings are answered below, by the protocol.
///
/// A close is told when the other side has its answer.
pub(super) fn poll_drain<S>(
    mut socket: Pin<&mut S>,
    url: &str,
    cx: &mut Cx<'_, '_>,
    mut emit: impl FnMut(Message) -> ControlFlow<()>,
) -> Poll<Result<Incoming, WsError>>
where
    S: Stream<Item = Result<Message, Error>>,
{
    loop {
        if cx.budget() == 0 {
            return Poll::Ready(Ok(Incoming::Paused(Drained::Exhausted)));
        }
        let received = ready!(socket.as_mut().poll_next(cx.task()));
        // Pings cost a turn as well, so that a flood of them does not hold the thread.
        cx.spend_many(1);
        match received {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if emit(message).is_break() {
                    return Poll::Ready(Ok(Incoming::Paused(Drained::Stopped)));
                }
            }
            Some(Ok(Message::Close(frame))) => {
                // One more poll sends the answer, if the socket takes it at once.
                let _ = socket.as_mut().poll_next(cx.task());
                return Poll::Ready(closed(url, frame));
            }
            Some(Ok(_)) => {}
            None | Some(Err(Error::ConnectionClosed)) => {
                return Poll::Ready(closed(url, None));
            }
            Some(Err(cause)) => {
                let url = url.to_owned();
                return Poll::Ready(Err(WsError::Receive { url, cause }));
            }
        }
    }
}

fn closed(url: &str, frame: Option<CloseFrame>) -> Result<Incoming, WsError> {
    match frame {
        None => Ok(Incoming::Closed {
            code: NO_CODE,
            reason: String::new(),
        }),
        Some(frame) if is_good(frame.code) => Ok(Incoming::Closed {
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        }),
        Some(frame) => Err(WsError::Closed {
            url: url.to_owned(),
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        }),
    }
}

fn is_good(code: CloseCode) -> bool {
    matches!(
        code,
        CloseCode::Normal | CloseCode::Away | CloseCode::Status
    )
}
