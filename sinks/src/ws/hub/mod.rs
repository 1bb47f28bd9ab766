//! A hub.

mod accept;
mod admission;
mod backlog;
mod builder;
mod client;
mod decoder;
mod error;
mod event;
mod handle;
mod http;
mod limits;
mod log;
mod protocol;
mod shard;
mod shared;
mod stats;
mod topic;
mod views;
mod wire;

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use thalweg_core::Sink;
use tokio::{
    net::TcpListener,
    task::{JoinSet, unconstrained},
};

use self::{
    builder::Options,
    shard::Shard,
    shared::{Phase, Shared},
};

pub use self::{
    admission::{Admission, Refusal, Request},
    backlog::SlowClients,
    builder::{Builder, Topic},
    error::{BindError, PublishError},
    event::Event,
    handle::Handle,
    stats::Stats,
    topic::{JsonTopic, TextTopic},
};

/// Sends events to many clients.
#[must_use = "a hub that is dropped serves nobody"]
pub struct Hub {
    handle: Handle,
    address: SocketAddr,
    tasks: JoinSet<()>,
}

impl Hub {
    /// Sets up a hub.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn start(options: Options, listener: Option<(TcpListener, SocketAddr)>) -> Self {
        let shards = options.shards();
        let shared = Arc::new(Shared::new(options, shards));
        let mut tasks = JoinSet::new();
        for index in 0..shards {
            // It yields by itself, between clients and not between the frames of one.
            tasks.spawn(unconstrained(Shard::new(shared.clone(), index).run()));
        }
        let mut address = (Ipv4Addr::UNSPECIFIED, 0).into();
        if let Some((listener, local)) = listener {
            address = local;
            tasks.spawn(accept::run(listener, shared.clone()));
        }
        Self {
            handle: Handle { shared },
            address,
            tasks,
        }
    }

    /// Gives the address that is listened on; `0.0.0.0:0` if that is none.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives a handle, which may be kept when the hub is handed over to a flow.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Sink<Event> for Hub {
    type Error = PublishError;

    async fn write(&mut self, batch: &mut Vec<Event>) -> Result<(), PublishError> {
        self.handle.publish_batch(batch).await
    }

    async fn close(&mut self) -> Result<(), PublishError> {
        self.handle.shared.advance(Phase::Closing);
        // A task that panicked has no clients any more.
        while self.tasks.join_next().await.is_some() {}
        Ok(())
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("address", &self.address)
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
