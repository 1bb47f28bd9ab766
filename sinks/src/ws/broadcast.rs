//! `broadcast`: every item to every client of a WebSocket server.

use std::{convert::Infallible, error::Error, fmt, future::poll_fn, io, net::SocketAddr};

use thalweg_core::{Overflow, Sink};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_tungstenite::tungstenite::Message;

use super::{clients::Clients, server};

/// Starts a WebSocket server at `address` once it is [bound](Binding::bind), which sends every item to all of its clients.
///
/// A client gets what comes after it connected. What clients send is read and ignored, except that pings are answered. An
/// item without a client goes nowhere. For `wss://` put a proxy that speaks TLS in front.
///
/// # Backpressure
///
/// Every client has a queue of 256 messages, see [`Binding::queue`], and up to 128 KiB in its socket. What happens to a
/// client whose queue is full says [`Binding::slow_clients`]; by default it misses the oldest messages and the flow goes
/// on. At most 10,000 clients are served at once, see [`Binding::max_clients`]; more wait to be accepted.
///
/// # Examples
///
/// ```
/// use futures_util::StreamExt;
/// use thalweg::{prelude::*, sinks::ws};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = ws::broadcast("127.0.0.1:0").bind().await?;
/// let (client, _) = tokio_tungstenite::connect_async(format!("ws://{}", server.address())).await?;
///
/// ["high tide", "low tide"].flow().run_into(server).await?;
///
/// let received: Vec<_> = client.filter_map(async |message| message.ok()?.into_text().ok()).collect().await;
/// assert_eq!(received[..2], ["high tide", "low tide"]);
/// # Ok(()) }
/// ```
#[doc(alias = "websocket")]
#[doc(alias = "hub")]
pub fn broadcast(address: impl fmt::Display) -> Binding {
    Binding {
        address: address.to_string(),
        queue: 256,
        max_clients: 10_000,
        slow_clients: SlowClients::DropOldest,
    }
}

/// What becomes of a client whose queue is full when one more message comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowClients {
    /// It misses the oldest messages of its queue; they are counted.
    #[default]
    DropOldest,
    /// It is disconnected with code 1008; it is counted, and so are the messages that it misses.
    Disconnect,
    /// It holds back the flow, and so all other clients.
    Wait,
}

impl SlowClients {
    fn overflow(self) -> Overflow {
        match self {
            Self::DropOldest => Overflow::DropOldest,
            Self::Disconnect => Overflow::Fail,
            Self::Wait => Overflow::Wait,
        }
    }
}

/// A server that is to be: [`broadcast`] with its options.
#[derive(Clone, Debug)]
#[must_use = "a server does nothing unless it is bound"]
pub struct Binding {
    address: String,
    queue: usize,
    max_clients: usize,
    slow_clients: SlowClients,
}

impl Binding {
    /// Sets how many messages the queue of a client holds.
    ///
    /// # Panics
    ///
    /// Panics if `messages` is 0.
    #[track_caller]
    pub fn queue(mut self, messages: usize) -> Self {
        assert!(messages > 0, "a queue of 0 messages lets nothing through");
        self.queue = messages;
        self
    }

    /// Sets how many clients are served at once; more wait to be accepted until one leaves.
    ///
    /// # Panics
    ///
    /// Panics if `clients` is 0.
    #[track_caller]
    pub fn max_clients(mut self, clients: usize) -> Self {
        assert!(clients > 0, "a server of 0 clients serves nobody");
        self.max_clients = clients;
        self
    }

    /// Sets what becomes of clients that are slower than the flow.
    pub fn slow_clients(mut self, policy: SlowClients) -> Self {
        self.slow_clients = policy;
        self
    }

    /// Listens, and serves clients in a task of its own from now on.
    ///
    /// # Errors
    ///
    /// [`BindError`] if the address is none of this machine, is taken or not allowed.
    #[track_caller]
    pub fn bind(self) -> impl Future<Output = Result<Broadcast, BindError>> + Send {
        let clients = Clients::new(self.queue, self.slow_clients.overflow());
        async move {
            let failed = |cause| BindError {
                address: self.address.clone(),
                cause,
            };
            let listener = TcpListener::bind(&self.address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            let serving = server::run(listener, self.max_clients, clients.clone());
            Ok(Broadcast {
                address,
                waits: self.slow_clients == SlowClients::Wait,
                at_once: self.queue.div_ceil(2),
                clients,
                messages: Vec::new(),
                server: Server(tokio::spawn(serving)),
            })
        }
    }
}

/// A server that could not listen.
#[derive(Debug)]
pub struct BindError {
    address: String,
    cause: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.address, self.cause)
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// The sink of [`broadcast`], of anything that is a [`Message`].
///
/// A close sends every client what is in its queue and tells it that this is the end; clients that do not take it within 5
/// seconds are disconnected. Dropping the sink disconnects all at once.
#[derive(Debug)]
#[must_use = "a server that is dropped serves nobody"]
pub struct Broadcast {
    address: SocketAddr,
    waits: bool,
    /// Messages that are sent before the clients have their turn; less than a queue, or none could keep up.
    at_once: usize,
    clients: Clients,
    messages: Vec<Message>,
    server: Server,
}

impl Broadcast {
    /// Gives the address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives a view of the clients, which may be kept when the sink is handed over to a flow.
    pub fn clients(&self) -> Clients {
        self.clients.clone()
    }
}

impl<T: Into<Message> + Send> Sink<T> for Broadcast {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Infallible> {
        let mut items = batch.len().min(self.at_once);
        if self.waits {
            items = items.min(poll_fn(|task| self.clients.poll_room(task)).await);
        }
        self.messages.extend(batch.drain(..items).map(Into::into));
        self.clients.send(&self.messages);
        self.messages.clear();
        // Clients are tasks: let them empty their queues before the next messages come.
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        self.clients.close();
        // A server that panicked, or was closed before, has no clients any more.
        let _ = (&mut self.server.0).await;
        Ok(())
    }
}

/// The task of the server, which does not outlive the sink.
#[derive(Debug)]
struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}
