//! `connect`: a WebSocket connection in two halves.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Poll, ready},
};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use thalweg_core::{Cx, Drained, Observable, Plan, Sink, StageId};
use thalweg_operators::Flow;
use tokio_tungstenite::tungstenite::{
    Error, Message, Utf8Bytes,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{
    Client, WsError,
    incoming::{Incoming, poll_drain},
    open::Socket,
};

/// Connects to a WebSocket server, for a half that sends and a flow of what the server sends.
///
/// The flow is that of [`messages`](super::messages), except that the connection lasts as long as either half does: when the
/// flow is asked to stop it completes, and the server hears of it from [`WsSender`] when that is closed.
///
/// # Backpressure
///
/// As of [`messages`](super::messages). Sending waits for the connection.
///
/// # Cancel safety
///
/// If the future is dropped before it is ready, there is no connection. Dropping both halves closes it without a goodbye.
///
/// # Errors
///
/// [`WsError::Connect`] if the connection cannot be made.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{prelude::*, sources::ws};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), ws::WsError> {
/// let (mut sender, mut quotes) = ws::connect("ws://127.0.0.1:9000").await?;
/// sender.send("subscribe EURUSD").await?;
/// while let Some(quote) = quotes.next().await? {
///     println!("{quote}");
/// }
/// # Ok(()) }
/// ```
#[track_caller]
pub fn connect(
    url: impl Into<String>,
) -> impl Future<Output = Result<(WsSender, Flow<Received>), WsError>> + Send {
    Client::new(url).connect()
}

/// Makes the two halves of an open connection, to `url` or from there.
pub(super) fn halves(url: String, socket: Socket, id: StageId) -> (WsSender, Flow<Received>) {
    let (outgoing, incoming) = socket.split();
    let fault = Fault::default();
    let received = Received {
        url: url.clone(),
        incoming: Some(incoming),
        fault: fault.clone(),
        id,
    };
    let sender = WsSender {
        url,
        outgoing,
        fault,
    };
    (sender, Flow::new(received))
}

/// What the half that receives has found wrong with what came, for the other half to say.
#[derive(Clone, Default)]
struct Fault(Arc<OnceLock<CloseCode>>);

impl Fault {
    fn set(&self, error: &WsError) {
        let code = match error {
            WsError::Receive {
                cause: Error::Utf8(_),
                ..
            } => CloseCode::Invalid,
            WsError::Receive {
                cause: Error::Capacity(_),
                ..
            } => CloseCode::Size,
            WsError::Receive {
                cause: Error::Protocol(_),
                ..
            } => CloseCode::Protocol,
            _ => return,
        };
        // There is one: nothing is received after it.
        let _ = self.0.set(code);
    }

    fn code(&self) -> CloseCode {
        self.0.get().copied().unwrap_or(CloseCode::Normal)
    }
}

/// The half of [`connect`], or of a client of [`listen`](super::listen), that sends: by hand, or as the sink of a flow of anything that is a [`Message`].
pub struct WsSender {
    url: String,
    outgoing: SplitSink<Socket, Message>,
    fault: Fault,
}

impl WsSender {
    /// Sends a message and flushes it.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message may or may not be sent.
    ///
    /// # Errors
    ///
    /// [`WsError::Send`] if the connection is closed or breaks.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), WsError> {
        let sent = self.outgoing.send(message.into()).await;
        sent.map_err(|cause| self.failed(cause))
    }

    /// Tells the server that this is the end, with code 1000, or 1002, 1007 or 1009 if what came from it was no WebSocket, no UTF-8
    /// or too large. The flow of the connection completes when the server has answered.
    ///
    /// # Errors
    ///
    /// [`WsError::Send`] if the connection breaks; that it is closed already is no error.
    pub async fn close(mut self) -> Result<(), WsError> {
        Sink::<Message>::close(&mut self).await
    }

    fn failed(&self, cause: Error) -> WsError {
        WsError::Send {
            url: self.url.clone(),
            cause,
        }
    }
}

impl<T: Into<Message> + Send> Sink<T> for WsSender {
    type Error = WsError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), WsError> {
        let mut messages = std::mem::take(batch).into_iter();
        while let Some(message) = messages.next() {
            if let Err(cause) = self.outgoing.feed(message.into()).await {
                batch.extend(messages);
                return Err(self.failed(cause));
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), WsError> {
        let flushed = self.outgoing.flush().await;
        flushed.map_err(|cause| self.failed(cause))
    }

    async fn close(&mut self) -> Result<(), WsError> {
        // Without a word the server would be told 1005, that there was none.
        let farewell = CloseFrame {
            code: self.fault.code(),
            reason: Utf8Bytes::default(),
        };
        let told = self.outgoing.send(Message::Close(Some(farewell))).await;
        let closed = match told {
            // The other side was first, and its answer is to go out.
            Ok(()) | Err(Error::Protocol(ProtocolError::SendAfterClosing)) => {
                self.outgoing.close().await
            }
            failed => failed,
        };
        match closed {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => Ok(()),
            Err(cause) => Err(self.failed(cause)),
        }
    }
}

impl fmt::Debug for WsSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsSender")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The observable of [`connect`], and of a client of [`listen`](super::listen).
#[must_use = "observables do nothing unless they are polled"]
pub struct Received {
    url: String,
    incoming: Option<SplitStream<Socket>>,
    fault: Fault,
    id: StageId,
}

impl Observable for Received {
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
            this.incoming = None;
        }
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        match ready!(poll_drain(Pin::new(incoming), &this.url, cx, emit)) {
            Ok(Incoming::Paused(drained)) => Poll::Ready(Ok(drained)),
            Ok(Incoming::Closed { .. }) => {
                this.incoming = None;
                Poll::Ready(Ok(Drained::Completed))
            }
            Err(error) => {
                this.incoming = None;
                this.fault.set(&error);
                Poll::Ready(Err(error))
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("url", &self.url)
            .field("ended", &self.incoming.is_none())
            .finish_non_exhaustive()
    }
}
