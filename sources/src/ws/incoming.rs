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

/// Emits texts and binaries. Pings are answered below, by the protocol.
pub(super) fn poll_drain<S>(
    mut socket: Pin<&mut S>,
    url: &str,
    cx: &mut Cx<'_, '_>,
    mut emit: impl FnMut(Message) -> ControlFlow<()>,
) -> Poll<Result<Drained, WsError>>
where
    S: Stream<Item = Result<Message, Error>>,
{
    loop {
        if cx.budget() == 0 {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        let received = ready!(socket.as_mut().poll_next(cx.task()));
        // Pings cost a turn as well, so that a flood of them does not hold the thread.
        cx.spend_many(1);
        match received {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if emit(message).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            Some(Ok(Message::Close(Some(frame)))) if !is_good(frame.code) => {
                return Poll::Ready(Err(closed(url, &frame)));
            }
            // After a close frame the stream is polled on: that sends the answer, and its end is the end.
            Some(Ok(_)) => {}
            None | Some(Err(Error::ConnectionClosed)) => {
                return Poll::Ready(Ok(Drained::Completed));
            }
            Some(Err(cause)) => {
                let url = url.to_owned();
                return Poll::Ready(Err(WsError::Receive { url, cause }));
            }
        }
    }
}

fn is_good(code: CloseCode) -> bool {
    matches!(
        code,
        CloseCode::Normal | CloseCode::Away | CloseCode::Status
    )
}

fn closed(url: &str, frame: &CloseFrame) -> WsError {
    WsError::Closed {
        url: url.to_owned(),
        code: frame.code.into(),
        reason: frame.reason.to_string(),
    }
}
