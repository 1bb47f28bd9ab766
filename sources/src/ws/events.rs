//! `Client::events`: what a WebSocket server sends, and what happens to the connection.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio_tungstenite::tungstenite::Message;

use super::{WsError, session::Session};

/// A message, or what happened to the connection of a [`Client`](super::Client).
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// There is a connection, and the subscriptions are sent. What was sent before, over another, may have been missed.
    Connected {
        /// The subprotocol that the server chose.
        subprotocol: Option<String>,
    },
    /// The server sent this.
    Message(Message),
    /// The connection is lost or was not made, and there will be another attempt. The last error is the flow's own.
    Disconnected {
        /// Why.
        error: WsError,
        /// The time until the next attempt.
        retry_after: Duration,
    },
}

/// The observable of [`Client::events`](super::Client::events). A clone makes a connection of its own.
#[derive(Clone)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Events(pub(super) Session);

impl Observable for Events {
    type Item = Event;
    type Error = WsError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, WsError>>
    where
        F: FnMut(Event) -> ControlFlow<()>,
    {
        self.0.poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.0.describe(plan);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
