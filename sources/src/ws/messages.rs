//! `messages`: what a WebSocket server sends.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use futures_util::Sink;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio_tungstenite::tungstenite::Message;

use super::{
    WsError,
    incoming::poll_drain,
    open::{Socket, open},
};

/// Connects to a WebSocket server when it is polled, and emits the texts and binaries that it sends.
///
/// `url` begins with `ws://`, or with `wss://` if the feature `wss` is on. Pings are answered, not emitted. Completes when the server closes the connection for a good
/// reason (codes 1000, 1001 or none), or when it is asked to stop; it tells the server then. To send as well see
/// [`connect`](super::connect).
///
/// # Backpressure
///
/// A consumer that is slow fills the buffers of the connection, and so holds back the server. Holds none.
///
/// # Errors
///
/// [`WsError`] if the connection cannot be made, breaks, or is closed by the server with another code.
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
    Flow::new(Messages {
        url: url.into(),
        state: State::Idle,
        id: StageId::here("ws::messages"),
    })
}

/// The observable of [`messages`]. A clone makes a connection of its own.
#[must_use = "observables do nothing unless they are polled"]
pub struct Messages {
    url: String,
    state: State,
    id: StageId,
}

enum State {
    Idle,
    Opening(Pin<Box<dyn Future<Output = Result<Socket, WsError>> + Send>>),
    Open(Box<Socket>),
    Ended,
}

impl Messages {
    /// Sends a close frame if the socket takes it at once, and drops the socket.
    fn leave(&mut self, cx: &mut Cx<'_, '_>) {
        if let State::Open(socket) = &mut self.state {
            let _ = Pin::new(socket.as_mut()).poll_close(cx.task());
        }
        self.state = State::Ended;
    }
}

impl Observable for Messages {
    type Item = Message;
    type Error = WsError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, WsError>>
    where
        F: FnMut(Message) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.leave(cx);
        }
        loop {
            match &mut this.state {
                State::Idle => this.state = State::Opening(Box::pin(open(this.url.clone()))),
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx.task())) {
                    Ok(socket) => this.state = State::Open(Box::new(socket)),
                    Err(error) => {
                        this.state = State::Ended;
                        return Poll::Ready(Err(error));
                    }
                },
                State::Open(socket) => {
                    let socket = Pin::new(socket.as_mut());
                    let drained = ready!(poll_drain(socket, &this.url, cx, emit));
                    if matches!(drained, Ok(Drained::Completed) | Err(_)) {
                        this.state = State::Ended;
                    }
                    return Poll::Ready(drained);
                }
                State::Ended => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl Clone for Messages {
    fn clone(&self) -> Self {
        Self {
            url: self.url.clone(),
            state: State::Idle,
            id: self.id,
        }
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("url", &self.url)
            .field("ended", &matches!(self.state, State::Ended))
            .finish_non_exhaustive()
    }
}
