//! `Client`: where to connect, how, and what to do when the connection is lost.

use std::{fmt, time::Duration};

use thalweg_core::StageId;
use thalweg_operators::{
    Flow,
    error::{Backoff, Exponential},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    ClientSender, Events, Messages, Received, WsError, WsSender, connect::halves, open::open,
    outgoing::Outgoing, session::Session,
};
#[cfg(feature = "tls")]
use crate::tls::TlsClient;
use crate::{net::transport::CONNECT_TIMEOUT, reconnect::Retries};

/// Bytes that a message may have unless it is told otherwise: 64 MiB.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 64 << 20;

/// A WebSocket client that is yet to connect.
///
/// | turned into | by |
/// |---|---|
/// | a flow of messages that connects, and connects again | [`messages`](Self::messages) |
/// | the same, and what happens to the connection | [`events`](Self::events) |
/// | the same, with a handle that sends | [`sender`](Self::sender) before |
/// | one connection, with a half that sends | [`connect`](Self::connect) |
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use thalweg::{prelude::*, sources::{reconnecting, ws}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), ws::WsError> {
/// let quotes = ws::Client::new("ws://127.0.0.1:9000/quotes")
///     .header("authorization", "Bearer 0123")
///     .subscribe(r#"{"subscribe": "EURUSD"}"#)
///     .reconnect(reconnecting())
///     .ping_every(Duration::from_secs(20))
///     .idle_timeout(Duration::from_secs(60))
///     .messages();
/// quotes.for_each(|quote| println!("{quote}")).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a client does nothing unless it is turned into a flow or a connection"]
pub struct Client {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) subprotocols: Vec<String>,
    pub(super) subscriptions: Vec<Message>,
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) ping_every: Option<Duration>,
    pub(super) max_message_size: usize,
    pub(super) retries: Retries,
    pub(super) retry_code: fn(u16) -> bool,
    pub(super) outgoing: Option<Outgoing>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsClient>,
}

impl Client {
    /// Names the server: `ws://`, or `wss://` if the feature `wss` is on, a host and a path.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: Vec::new(),
            subprotocols: Vec::new(),
            subscriptions: Vec::new(),
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: None,
            ping_every: None,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            retries: Retries::default(),
            retry_code: is_worth_a_retry,
            outgoing: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sends a header with the request for the connection.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Offers a subprotocol; the server chooses one of those offered, or the connection is refused.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Sends a message as soon as there is a connection, and again over every new one.
    pub fn subscribe(mut self, message: impl Into<Message>) -> Self {
        self.subscriptions.push(message.into());
        self
    }

    /// Gives the server so much time to take the connection and the subscriptions, in place of 30 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Takes the connection for lost when nothing comes for so long, not even an answer to a ping, while it is waited for.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// Pings the server whenever that time has passed, for flows; it answers, which keeps the connection from being idle.
    ///
    /// # Panics
    ///
    /// Panics if `period` is zero.
    pub fn ping_every(mut self, period: Duration) -> Self {
        assert!(!period.is_zero(), "pings without a pause in between");
        self.ping_every = Some(period);
        self
    }

    /// Lets a message have at most so many bytes, in place of 64 MiB.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// Connects again when the connection is lost or cannot be made, for flows; see [`reconnecting`](crate::reconnecting).
    ///
    /// That a server refuses with status 401 or 403 is the end, and so is a message that is against the protocol or too
    /// large. Of the codes that a server closes with, see [`retry_codes`](Self::retry_codes). What the server sent in
    /// between is lost, unless a subscription asks for it.
    pub fn reconnect(mut self, backoff: Backoff<Exponential>) -> Self {
        self.retries.set(backoff);
        self
    }

    /// Decides by the code that a server closed with whether to connect again, in place of the default.
    ///
    /// By default 1000 is the end, and so are 1002, 1003, 1007, 1008, 1009 and 1010, by which a server says that it is the
    /// client's fault. A close without a code is 1005.
    pub fn retry_codes(mut self, decide: fn(u16) -> bool) -> Self {
        self.retry_code = decide;
        self
    }

    /// Makes a handle that sends over the connection of the flow, whichever it is at the time; see [`ClientSender`].
    ///
    /// Its queue has room for `capacity` messages. Of several flows, clones of each other, the one that began first has it;
    /// when that ends, or is dropped, the next that begins has it.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use thalweg::sources::{reconnecting, ws};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (sender, client) = ws::Client::new("ws://127.0.0.1:9000").reconnect(reconnecting()).sender(16);
    /// tokio::spawn(client.messages().for_each(|message| println!("{message}")));
    /// sender.send("hello").await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn sender(mut self, capacity: usize) -> (ClientSender, Self) {
        assert!(capacity > 0, "a queue without room sends nothing");
        let (sender, outgoing) = Outgoing::new(&self.url, capacity);
        self.outgoing = Some(outgoing);
        (sender, self)
    }

    /// Encrypts as told, in place of trusting those that the web trusts; for `wss://`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsClient) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Makes a flow of the texts and binaries that the server sends; see [`messages`](super::messages).
    #[track_caller]
    pub fn messages(self) -> Flow<Messages> {
        Flow::new(Messages(Session::new("ws::messages", self)))
    }

    /// Makes a flow of the messages and of what happens to the connection; see [`Event`](super::Event).
    #[track_caller]
    pub fn events(self) -> Flow<Events> {
        Flow::new(Events(Session::new("ws::events", self)))
    }

    /// Connects, once and now, for a half that sends and a flow of what the server sends; see [`connect`](super::connect).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, there is no connection.
    ///
    /// # Errors
    ///
    /// [`WsError::Connect`] if the connection cannot be made.
    #[track_caller]
    pub fn connect(
        self,
    ) -> impl Future<Output = Result<(WsSender, Flow<Received>), WsError>> + Send {
        let id = StageId::here("ws::connect");
        async move {
            let url = self.url.clone();
            let (socket, _) = open(self).await?;
            Ok(halves(url, socket, id))
        }
    }
}

fn is_worth_a_retry(code: u16) -> bool {
    !matches!(code, 1000 | 1002 | 1003 | 1007..=1010)
}

/// Leaves out the headers, which may be secret.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.url)
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("ping_every", &self.ping_every)
            .field("max_message_size", &self.max_message_size)
            .finish_non_exhaustive()
    }
}
