//! Everything that can be set, with what it is by default.

use std::{collections::HashMap, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use super::{
    admission::{Admission, Refusal, Request},
    backlog::SlowClients,
    limits::Rate,
    log::Bounds,
    wire::Form,
};

type Deciding = Pin<Box<dyn Future<Output = Result<Admission, Refusal>> + Send>>;
type Admit = Arc<dyn Fn(Request) -> Deciding + Send + Sync>;

/// Everything that can be set.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) epoch: Arc<str>,
    pub(super) journal: Option<PathBuf>,
    pub(super) form: Form,
    pub(super) default_topics: Vec<String>,
    pub(super) queue: Bounds,
    pub(super) backlog: Bounds,
    pub(super) every: Topic,
    pub(super) topics: HashMap<Arc<str>, Topic>,
    pub(super) max_topics: usize,
    pub(super) presence: Option<Duration>,
    pub(super) origins: Option<Vec<String>>,
    pub(super) admit: Option<Admit>,
    #[cfg(feature = "wss")]
    pub(super) tls: Option<Arc<thalweg_tls::tokio_rustls::rustls::ServerConfig>>,
    pub(super) max_clients: usize,
    pub(super) max_clients_each: usize,
    pub(super) max_subscriptions: usize,
    pub(super) max_head: usize,
    pub(super) max_message: usize,
    pub(super) rate: Rate,
    pub(super) handshake: Duration,
    pub(super) ping: Duration,
    pub(super) dead: Duration,
    pub(super) heartbeat: Duration,
    pub(super) retry: Duration,
    pub(super) drain: Duration,
    pub(super) shards: Option<usize>,
}

pub(super) fn random_epoch() -> Arc<str> {
    format!("{:x}", fastrand::u64(..)).into()
}

impl Default for Options {
    fn default() -> Self {
        Self {
            epoch: random_epoch(),
            journal: None,
            form: Form::Json,
            default_topics: Vec::new(),
            queue: Bounds {
                events: 1024,
                bytes: 1024 * 1024,
            },
            backlog: Bounds {
                events: 1024,
                bytes: 256 * 1024,
            },
            every: Topic {
                history: Bounds {
                    events: 1024,
                    bytes: 1024 * 1024,
                },
                slow_clients: SlowClients::default(),
            },
            topics: HashMap::new(),
            max_topics: 10_000,
            presence: None,
            origins: None,
            admit: None,
            #[cfg(feature = "wss")]
            tls: None,
            max_clients: 10_000,
            max_clients_each: usize::MAX,
            max_subscriptions: 64,
            max_head: 8 * 1024,
            max_message: 64 * 1024,
            rate: Rate {
                burst: 100,
                per_second: 20,
            },
            handshake: Duration::from_secs(5),
            ping: Duration::from_secs(25),
            dead: Duration::from_mins(1),
            heartbeat: Duration::from_secs(15),
            retry: Duration::from_secs(1),
            drain: Duration::from_secs(5),
            shards: None,
        }
    }
}

/// What is special about a topic, see [`Builder::topic`](super::Builder::topic).
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    pub(super) history: Bounds,
    pub(super) slow_clients: SlowClients,
}

impl Topic {
    /// Sets how much of the topic is remembered, as [`Builder::history`](super::Builder::history) does for all.
    pub fn history(mut self, events: usize, bytes: usize) -> Self {
        self.history = Bounds { events, bytes };
        self
    }

    /// Sets what becomes of slow clients, as [`Builder::slow_clients`](super::Builder::slow_clients) does for all topics.
    pub fn slow_clients(mut self, policy: SlowClients) -> Self {
        self.slow_clients = policy;
        self
    }
}

impl Options {
    pub(super) fn topic(&self, name: &str) -> &Topic {
        self.topics.get(name).unwrap_or(&self.every)
    }

    /// Gives the time over which so many clients are sent away: at most a thousand of them a second, within the window.
    pub(super) fn closing_window(&self, clients: usize) -> Duration {
        let clients = u32::try_from(clients).unwrap_or(u32::MAX);
        Duration::from_millis(1)
            .saturating_mul(clients)
            .min(self.drain)
    }
}

impl Options {
    pub(super) fn shards(&self) -> usize {
        let workers = || tokio::runtime::Handle::current().metrics().num_workers();
        self.shards.unwrap_or_else(workers)
    }
}
