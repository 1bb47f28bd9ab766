//! `messages`: what a WebSocket server sends.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::Flow;
use tokio_tungstenite::tungstenite::Message;

use super::{Client, Event, WsError, session::Session};

/// Connects to a WebSocket server when it is polled, and emits the texts and binaries that it sends.
///
/// `url` begins with `ws://`, or with `wss://` if the feature `wss` is on. Pings are answered, not emitted. Completes when
/// the server closes the connection for a good reason (codes 1000, 1001 or none), or when it is asked to stop. It tells the
/// server when it ends or is dropped. To send as well see [`connect`](super::connect); to reconnect, and for headers,
/// subscriptions, limits and times, see [`Client`].
///
/// # Backpressure
///
/// A consumer that is slow fills the buffers of the connection, and so holds back the server; pings are then neither sent
/// nor answered. Holds none, and at most one message of bytes: 64 MiB, or [what is told](Client::max_message_size).
///
/// # Errors
///
/// [`WsError`] if the connection cannot be made, breaks, or is closed by the server with another code, or if a message is
/// too large.
///
/// # Cancel safety
///
/// Dropping the flow closes the connection; what came of a message is lost.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{prelude::*, sources::ws};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), ws::WsError> {
/// let quotes = ws::messages("ws://127.0.0.1:9000/quotes");
/// quotes.take(10).for_each(|quote| println!("{quote}")).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "websocket")]
#[track_caller]
pub fn messages(url: impl Into<String>) -> Flow<Messages> {
    Client::new(url).messages()
}

/// The observable of [`messages`] and [`Client::messages`]. A clone makes a connection of its own.
#[derive(Clone)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Messages(pub(super) Session);

impl Observable for Messages {
    type Item = Message;
    type Error = WsError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, WsError>>
    where
        F: FnMut(Message) -> ControlFlow<()>,
    {
        self.0.poll_drain(cx, |event| match event {
            Event::Message(message) => emit(message),
            Event::Connected { .. } | Event::Disconnected { .. } => ControlFlow::Continue(()),
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.0.describe(plan);
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
