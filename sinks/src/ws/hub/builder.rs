//! How a hub is set up.

use std::{fmt, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, lookup_host},
    task::spawn_blocking,
};

use super::{
    Hub,
    admission::{Admission, Refusal, Request},
    backlog::SlowClients,
    error::{BindError, JournalError},
    limits::Rate,
    log::Bounds,
    options::{Options, Topic},
    shared::Shared,
    wire::Form,
};

/// A hub that is to be: see [`Hub::builder`].
#[derive(Clone, Default)]
#[must_use = "a hub does nothing unless it is bound"]
pub struct Builder {
    options: Options,
}

// What is sent
impl Builder {
    /// Sets the epoch, the first part of every event's id; by default a random number in hexadecimal.
    ///
    /// Ids count from 1 in every hub, so an epoch must not come again: a client would miss events without being told. Only a
    /// [journal](Self::journal) lets ids go on.
    ///
    /// # Panics
    ///
    /// Panics if `epoch` is empty or has anything but ASCII letters, digits, `-` and `_`.
    #[track_caller]
    pub fn epoch(mut self, epoch: &str) -> Self {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(
            !epoch.is_empty() && epoch.bytes().all(is_fit),
            "an epoch consists of ASCII letters, digits, '-' and '_', and is not {epoch:?}"
        );
        self.options.epoch = epoch.into();
        self
    }

    /// Sends clients that name no subprotocol the data alone, as text messages without topic and id.
    ///
    /// There are no notices then either: what a slow client misses is counted in [`Stats::dropped`](super::Stats::dropped)
    /// alone. Where that is not good enough, disconnect slow clients.
    pub fn plain(mut self) -> Self {
        self.options.form = Form::Plain;
        self
    }

    /// Subscribes clients whose address names no topic to these.
    pub fn default_topics(mut self, topics: impl IntoIterator<Item: Into<String>>) -> Self {
        self.options.default_topics = topics.into_iter().map(Into::into).collect();
        self
    }

    /// Tells the clients of a topic how many they are when that has changed, at most once in `period`.
    ///
    /// # Panics
    ///
    /// Panics if `period` is zero.
    #[track_caller]
    pub fn presence(mut self, period: Duration) -> Self {
        assert!(!period.is_zero(), "a period of zero never ends");
        self.options.presence = Some(period);
        self
    }

    /// Sets what is special about a topic; it starts from what is set for all by now.
    pub fn topic(mut self, name: impl Into<Arc<str>>, set: impl FnOnce(Topic) -> Topic) -> Self {
        let topic = set(self.options.every);
        self.options.topics.insert(name.into(), topic);
        self
    }
}

// What is held
impl Builder {
    /// Sets how much of every topic is remembered for clients that come back: so many events, and bytes of data; by
    /// default 1,024 and 1 MiB. With 0 events nothing is.
    pub fn history(mut self, events: usize, bytes: usize) -> Self {
        self.options.every.history = Bounds { events, bytes };
        self
    }

    /// Sets how many topics are remembered; by default 10,000. When there are more, the quarter that was quiet for longest
    /// is forgotten: clients that come back to those start anew.
    ///
    /// # Panics
    ///
    /// Panics if `topics` is 0.
    #[track_caller]
    pub fn max_topics(mut self, topics: usize) -> Self {
        assert!(topics > 0, "events have at least one topic");
        self.options.max_topics = topics;
        self
    }

    /// Sets how much may wait for the tasks that serve the clients before the flow is held back: so many events, and bytes
    /// of data; by default 1,024 and 1 MiB. The last event may exceed the bytes.
    ///
    /// # Panics
    ///
    /// Panics if one of them is 0.
    #[track_caller]
    pub fn queue(mut self, events: usize, bytes: usize) -> Self {
        assert!(
            events > 0 && bytes > 0,
            "a queue of nothing lets nothing through"
        );
        self.options.queue = Bounds { events, bytes };
        self
    }

    /// Sets how much may wait for one client: so many events, and bytes of data; by default 1,024 and 256 KiB. Clients
    /// share the bytes. The last event may exceed them, and so may what is written at once, which is 16 KiB; if the policy
    /// is to wait, a batch of 64 events.
    ///
    /// # Panics
    ///
    /// Panics if one of them is 0.
    #[track_caller]
    pub fn backlog(mut self, events: usize, bytes: usize) -> Self {
        assert!(
            events > 0 && bytes > 0,
            "a backlog of nothing lets nothing wait"
        );
        self.options.backlog = Bounds { events, bytes };
        self
    }

    /// Sets what becomes of clients for which more waits than may; by default they miss the oldest.
    pub fn slow_clients(mut self, policy: SlowClients) -> Self {
        self.options.every.slow_clients = policy;
        self
    }
}

// What outlives the process
impl Builder {
    /// Keeps the history in this file as well, so that a hub which is killed and started again goes on where it was: with the
    /// same epoch, the next id, and the same history. Clients come back as after a break of the network, and miss nothing.
    ///
    /// An event is in the memory of the system before any client gets it: a batch is one write. After a power
    /// cut the end of the file may be lost, and after a kill nobody but Linux tells whether there was one: then the history
    /// that is left is that of a new epoch, and clients that come back are told `reset`. What was closed goes on everywhere.
    ///
    /// The file is new if there is none. Its epoch is what [`epoch`](Self::epoch) says when it is made, and stays. Beside it
    /// are a file `.lock`, by which it belongs to one hub at a time, and for moments `.new`, in which it is written anew when
    /// it has grown to twice the history and 1 MiB.
    pub fn journal(mut self, file: impl Into<PathBuf>) -> Self {
        self.options.journal = Some(file.into());
        self
    }
}

// Who may come in
impl Builder {
    /// Lets browsers connect only from pages of these origins, such as `https://example.org`; what is no browser, and sends
    /// no `Origin`, may connect in any case. By default pages of all origins may: a hub that knows its clients by cookies
    /// needs a list.
    pub fn origins(mut self, origins: impl IntoIterator<Item: Into<String>>) -> Self {
        self.options.origins = Some(origins.into_iter().map(Into::into).collect());
        self
    }

    /// Asks `decide` about every client, after its request is read and before it is answered.
    ///
    /// It has as long as the handshake. See [`Request`] for what it can look at, [`Admission`] and [`Refusal`] for what it
    /// can answer.
    pub fn admit<F>(mut self, decide: impl Fn(Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Admission, Refusal>> + Send + 'static,
    {
        self.options.admit = Some(Arc::new(move |request| Box::pin(decide(request))));
        self
    }

    /// Speaks TLS, and nothing else, with this configuration.
    #[cfg(feature = "wss")]
    pub fn tls(
        mut self,
        config: impl Into<Arc<thalweg_tls::tokio_rustls::rustls::ServerConfig>>,
    ) -> Self {
        self.options.tls = Some(config.into());
        self
    }

    /// Sets how many connections there may be; by default 10,000. More are answered 503.
    ///
    /// # Panics
    ///
    /// Panics if `clients` is 0.
    #[track_caller]
    pub fn max_clients(mut self, clients: usize) -> Self {
        assert!(clients > 0, "a hub of 0 clients serves nobody");
        self.options.max_clients = clients;
        self
    }

    /// Sets how many connections there may be from one address; by default any number, for behind a proxy all clients have
    /// the same. More are answered 429.
    ///
    /// # Panics
    ///
    /// Panics if `clients` is 0.
    #[track_caller]
    pub fn max_clients_per_address(mut self, clients: usize) -> Self {
        assert!(clients > 0, "a hub of 0 clients serves nobody");
        self.options.max_clients_each = clients;
        self
    }

    /// Sets how many topics a client may subscribe to; by default 64.
    pub fn max_topics_per_client(mut self, topics: usize) -> Self {
        self.options.max_subscriptions = topics;
        self
    }

    /// Sets how many bytes the head of a request may have; by default 8 KiB. Larger ones are answered 431.
    pub fn max_head(mut self, bytes: usize) -> Self {
        self.options.max_head = bytes;
        self
    }

    /// Sets how many bytes a client's message may have; by default 64 KiB. Larger ones end the connection with code 1009.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.options.max_message = bytes;
        self
    }

    /// Sets how many messages a client may send, pings included: so many a second for long, so many at once; by default 20
    /// and 100. More end the connection with code 1008.
    ///
    /// # Panics
    ///
    /// Panics if one of them is 0.
    #[track_caller]
    pub fn message_rate(mut self, per_second: u32, burst: u32) -> Self {
        assert!(
            per_second > 0 && burst > 0,
            "a client has to be able to speak"
        );
        self.options.rate = Rate { burst, per_second };
        self
    }
}

// When
impl Builder {
    /// Sets how long a client may take from its connection to the answer to its request; by default 5 seconds.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.options.handshake = timeout;
        self
    }

    /// Sends a ping to clients that were silent for `quiet`, and disconnects those that were for `dead`, or take nothing of
    /// what waits for them for as long; by default 25 seconds and a minute.
    ///
    /// # Panics
    ///
    /// Panics if `quiet` is zero or `dead` is not longer.
    #[track_caller]
    pub fn ping(mut self, quiet: Duration, dead: Duration) -> Self {
        assert!(
            Duration::ZERO < quiet && quiet < dead,
            "a client needs time to answer a ping: {quiet:?} of quiet, dead after {dead:?}"
        );
        self.options.ping = quiet;
        self.options.dead = dead;
        self
    }

    /// Sends clients of server-sent events a comment when nothing else was sent for so long; by default 15 seconds.
    ///
    /// # Panics
    ///
    /// Panics if `period` is zero.
    #[track_caller]
    pub fn heartbeat(mut self, period: Duration) -> Self {
        assert!(!period.is_zero(), "a period of zero never ends");
        self.options.heartbeat = period;
        self
    }

    /// Tells clients of server-sent events to wait so long before they reconnect; by default a second.
    pub fn retry(mut self, delay: Duration) -> Self {
        self.options.retry = delay;
        self
    }

    /// Sends the clients away at random moments of this window when the hub closes, so that they do not all come to the next
    /// server at once; by default 5 seconds. It is shorter where they are few: a thousand of them leave in a second.
    pub fn drain(mut self, window: Duration) -> Self {
        self.options.drain = window;
        self
    }

    /// Sets how many tasks serve the clients; by default one for each worker of the runtime.
    ///
    /// # Panics
    ///
    /// Panics if `tasks` is 0.
    #[track_caller]
    pub fn shards(mut self, tasks: usize) -> Self {
        assert!(tasks > 0, "somebody has to serve the clients");
        self.options.shards = Some(tasks);
        self
    }

    /// Listens at `address`, and serves clients in tasks of its own from now on.
    ///
    /// # Errors
    ///
    /// [`BindError`].
    pub async fn bind(self, address: impl fmt::Display) -> Result<Hub, BindError> {
        let address = address.to_string();
        // First, so that of two programs that are started by mistake only one has the journal.
        match listen(&address).await {
            Ok(listener) => Ok(Hub::start(self.open().await?, Some(listener))),
            Err(cause) => Err(BindError::Listen { address, cause }),
        }
    }

    /// Serves the clients of somebody else's server, and listens nowhere: see [`Handle::upgrade`](super::Handle::upgrade)
    /// and [`Handle::events`](super::Handle::events).
    ///
    /// # Errors
    ///
    /// [`JournalError`], if there is a [journal](Builder::journal).
    pub async fn start(self) -> Result<Hub, JournalError> {
        Ok(Hub::start(self.open().await?, None))
    }

    async fn open(self) -> Result<Shared, JournalError> {
        let Self { options } = self;
        let shards = options.shards();
        if options.journal.is_none() {
            return Shared::open(options, shards);
        }
        let opened = spawn_blocking(move || Shared::open(options, shards)).await;
        opened.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

/// Connections that may wait to be accepted: clients of a server that was down come all at once. The system may allow less.
const BACKLOG: u32 = 4096;

async fn listen(address: &str) -> io::Result<(TcpListener, SocketAddr)> {
    let mut refused = None;
    for address in lookup_host(address).await? {
        let listen = || {
            let socket = match address {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            // Elsewhere it would let others take the address away.
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?;
            let local = listener.local_addr()?;
            Ok((listener, local))
        };
        match listen() {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused
        .unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address")))
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("epoch", &self.options.epoch)
            .finish_non_exhaustive()
    }
}
