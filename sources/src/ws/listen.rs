//! `listen`: the clients of a WebSocket server.

use std::{
    fmt,
    net::SocketAddr,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use thalweg_core::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        Error,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
    },
};

use super::{DEFAULT_MAX_MESSAGE_SIZE, Received, WsSender, connect::halves, open::limits};
use crate::net::is_of_the_client;
#[cfg(feature = "tls")]
use crate::tls::TlsServer;
use crate::{
    AcceptError,
    net::{
        IdleTimeout,
        transport::{BoxTransport, within},
    },
};

/// Emits a [`WsConnection`] for every client that opens a WebSocket to `listener`.
///
/// A client that speaks no WebSocket, has an origin that is [refused](Listen::origins), or takes longer than 10 s for its
/// handshake is dropped, and counted as rejected. Never completes by itself; when it is asked to stop it closes the listener
/// and completes, while connections that were emitted go on. To send every item to all clients there is the sink
/// `ws::Hub`.
///
/// # Backpressure
///
/// Clients are accepted while the consumer wants more; others wait in the backlog of the system. Holds at most 64 clients
/// that shake hands, see [`Listen::max_handshakes`].
///
/// # Errors
///
/// [`AcceptError`] if the system cannot accept any more, for want of file descriptors for example.
///
/// # Cancel safety
///
/// Dropping the flow closes the listener, and drops the clients that shake hands, counted as cancelled.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::ws};
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let url = format!("ws://{}", listener.local_addr()?);
/// // Sends back what it is sent.
/// tokio::spawn(ws::listen(listener).for_each(|client| {
///     tokio::spawn(client.received.run_into(client.sender));
/// }));
///
/// let (mut sender, mut echo) = ws::connect(url).await?;
/// sender.send("hello").await?;
/// assert_eq!(echo.next().await?, Some("hello".into()));
/// # Ok(()) }
/// ```
#[doc(alias = "websocket_server")]
#[track_caller]
pub fn listen(listener: TcpListener) -> Flow<Listen> {
    Listen::new(listener).flow()
}

/// A client of [`listen`]: who it is, what it sends and how it is sent to.
#[derive(Debug)]
#[non_exhaustive]
pub struct WsConnection {
    /// The address of the client.
    pub peer: SocketAddr,
    /// The path and query that it asked for.
    pub path: String,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<String>,
    /// What the client sends. It completes when the client closes the connection.
    pub received: Flow<Received>,
    /// Sends to the client, and closes the connection.
    pub sender: WsSender,
}

type CheckOrigin = dyn Fn(Option<&str>) -> bool + Send + Sync;

/// What a server asks of its clients.
#[derive(Clone)]
struct Terms {
    origins: Arc<CheckOrigin>,
    subprotocols: Arc<[String]>,
    max_message_size: usize,
    idle_timeout: Option<Duration>,
    handshake_timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<TlsServer>,
}

type Handshake = Pin<Box<dyn Future<Output = Result<WsConnection, Error>> + Send>>;

/// The observable of [`listen`].
#[must_use = "observables do nothing unless they are polled"]
pub struct Listen {
    listener: Option<TcpListener>,
    handshakes: FuturesUnordered<Handshake>,
    max_handshakes: usize,
    terms: Terms,
    meter: Meter,
    id: StageId,
}

impl Listen {
    /// Takes the listener; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(listener: TcpListener) -> Self {
        Self {
            listener: Some(listener),
            handshakes: FuturesUnordered::new(),
            max_handshakes: 64,
            terms: Terms {
                origins: Arc::new(|_| true),
                subprotocols: Arc::default(),
                max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
                idle_timeout: None,
                handshake_timeout: Duration::from_secs(10),
                #[cfg(feature = "tls")]
                tls: None,
            },
            meter: Meter::new(),
            id: StageId::here("ws::listen"),
        }
    }

    /// Refuses clients, with status 403, unless `accept` says yes to the web page that they come from.
    ///
    /// A browser tells the origin of the page, as `https://example.org`; other clients tell none, or what they like. By
    /// default all are accepted, so that any page can talk to the server in the name of its visitor.
    pub fn origins(
        mut self,
        accept: impl Fn(Option<&str>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.terms.origins = Arc::new(accept);
        self
    }

    /// Speaks these subprotocols: agrees on the first that a client offers as well, if there is one.
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.terms.subprotocols = names.into_iter().map(Into::into).collect();
        self
    }

    /// Lets a message have at most so many bytes, in place of 64 MiB.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.terms.max_message_size = bytes;
        self
    }

    /// Takes a client for gone when nothing comes for so long, while it is waited for.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.terms.idle_timeout = Some(limit);
        self
    }

    /// Gives a client so much time for its handshake, in place of 10 s.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.terms.handshake_timeout = limit;
        self
    }

    /// Lets so many clients shake hands at once, in place of 64.
    ///
    /// # Panics
    ///
    /// Panics if `clients` is 0.
    pub fn max_handshakes(mut self, clients: usize) -> Self {
        assert!(clients > 0, "a listener of 0 handshakes lets nobody in");
        self.max_handshakes = clients;
        self
    }

    /// Encrypts: clients connect to `wss://`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsServer) -> Self {
        self.terms.tls = Some(tls);
        self
    }

    /// Accepts as many as may shake hands; the error is the listener's own.
    fn poll_accept(&mut self, cx: &mut Cx<'_, '_>) -> Result<(), AcceptError> {
        let Some(listener) = &self.listener else {
            return Ok(());
        };
        while self.handshakes.len() < self.max_handshakes
            && cx.budget() > 0
            && let Poll::Ready(accepted) = listener.poll_accept(cx.task())
        {
            cx.spend_many(1);
            match accepted {
                Ok((stream, peer)) => {
                    self.meter.receive(1);
                    let handshake = shake_hands(self.terms.clone(), stream, peer, self.id);
                    self.handshakes.push(Box::pin(handshake));
                }
                Err(cause) if is_of_the_client(&cause) => {}
                Err(cause) => {
                    let address = listener.local_addr().ok();
                    return Err(AcceptError::new(address.map(|it| it.to_string()), cause));
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        self.listener = None;
        self.count_cancelled();
        self.handshakes.clear();
    }

    fn count_cancelled(&self) {
        let left = self.handshakes.len() as u64;
        self.meter.drop_items(DropReason::Cancelled, left);
    }
}

impl Drop for Listen {
    fn drop(&mut self) {
        self.count_cancelled();
    }
}

async fn shake_hands(
    terms: Terms,
    stream: TcpStream,
    peer: SocketAddr,
    id: StageId,
) -> Result<WsConnection, Error> {
    let opening = async {
        stream.set_nodelay(true)?;
        #[cfg(feature = "tls")]
        let stream: BoxTransport = match &terms.tls {
            Some(tls) => Box::new(tls.accept(stream).await.map_err(std::io::Error::other)?),
            None => Box::new(stream),
        };
        #[cfg(not(feature = "tls"))]
        let stream: BoxTransport = Box::new(stream);
        let stream = IdleTimeout::optional(stream, terms.idle_timeout);
        let (mut path, mut subprotocol) = (String::new(), None);
        #[expect(
            clippy::result_large_err,
            reason = "the protocol wants the whole answer"
        )]
        let answer = |request: &Request, response: Response| {
            path = request.uri().to_string();
            terms.answer(request, response, &mut subprotocol)
        };
        let limits = Some(limits(terms.max_message_size));
        let opened = accept_hdr_async_with_config(stream, answer, limits).await;
        Ok(opened.map(|socket| (socket, path, subprotocol)))
    };
    let (socket, path, subprotocol) = within(terms.handshake_timeout, opening).await??;
    let (sender, received) = halves(peer.to_string(), socket, id);
    Ok(WsConnection {
        peer,
        path,
        subprotocol,
        received,
        sender,
    })
}

impl Terms {
    #[expect(
        clippy::result_large_err,
        reason = "the protocol wants the whole answer"
    )]
    fn answer(
        &self,
        request: &Request,
        mut response: Response,
        agreed: &mut Option<String>,
    ) -> Result<Response, ErrorResponse> {
        let origin = request.headers().get(header::ORIGIN);
        if !(self.origins)(origin.and_then(|origin| origin.to_str().ok())) {
            let mut refusal = ErrorResponse::new(Some("this origin is not allowed".to_owned()));
            *refusal.status_mut() = StatusCode::FORBIDDEN;
            return Err(refusal);
        }
        let offers = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let offered: Vec<_> = offers
            .iter()
            .filter_map(|names| names.to_str().ok())
            .flat_map(|names| names.split(',').map(str::trim))
            .collect();
        let common = self
            .subprotocols
            .iter()
            .find(|name| offered.contains(&name.as_str()));
        if let Some(name) = common
            && let Ok(value) = HeaderValue::try_from(name)
        {
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, value);
            *agreed = Some(name.clone());
        }
        Ok(response)
    }
}

impl Observable for Listen {
    type Item = WsConnection;
    type Error = AcceptError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, AcceptError>>
    where
        F: FnMut(WsConnection) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.end();
        }
        loop {
            if this.listener.is_none() {
                return Poll::Ready(Ok(Drained::Completed));
            }
            if let Err(error) = this.poll_accept(cx) {
                this.end();
                return Poll::Ready(Err(error));
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let Some(shaken) = ready!(Pin::new(&mut this.handshakes).poll_next(cx.task())) else {
                // Nobody is there: the listener wakes.
                return Poll::Pending;
            };
            cx.spend_many(1);
            match shaken {
                Ok(connection) => {
                    this.meter.emit(1);
                    if emit(connection).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Err(_) => this.meter.drop_items(DropReason::Rejected, 1),
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .holds(Holds::Items(self.max_handshakes))
            .meter(&self.meter);
    }
}

impl fmt::Debug for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listen")
            .field("listener", &self.listener)
            .field("shaking_hands", &self.handshakes.len())
            .finish_non_exhaustive()
    }
}
