//! A crawl in the browser: what it does, live, and the means to pause it, to change its rate and to stop it.
//!
//! What is shown is a flow of its own: looks at the crawl and samples of its events go into a hub, and from there to
//! every browser. The crawl never waits for it.

mod error;
mod events;
mod guard;
mod metrics;
mod recent;
mod server;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use thalweg::operators::terminal::RunHandle;
use thalweg::sinks::ws::hub::{Event, Handle, Hub, PublishError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use self::error::DashboardError;
use self::recent::Recent;
use self::server::Server;
use crate::args::DashboardAddress;
use crate::crawl::Crawl;
use crate::summary::Summary;

/// Where a dashboard is served if nobody says otherwise.
const PORT: u16 = 8707;

/// How many ports from there on are tried before any that is free is taken.
const PORTS: u16 = 10;

/// How long the viewers may take to be told of the end.
const GOODBYE: Duration = Duration::from_millis(500);

/// A dashboard that is served until it is closed or dropped.
#[derive(Debug)]
pub struct Dashboard {
    address: SocketAddr,
    hub: Handle,
    recent: Arc<Recent>,
    events: RunHandle<serde_json::Error, PublishError>,
    /// Aborted when it is dropped.
    server: JoinSet<()>,
    /// Has the server finish its answers.
    end: CancellationToken,
}

impl Dashboard {
    /// Serves a dashboard of `crawl`.
    ///
    /// # Errors
    ///
    /// If the address is taken, or none of this machine.
    pub async fn open(at: DashboardAddress, crawl: &Crawl) -> Result<Self, DashboardError> {
        let (listener, address) = listen(at).await?;
        let watch = crawl.watch();
        let hub = Hub::builder().drain(Duration::ZERO).shards(1).start().await;
        let hub =
            hub.map_err(|error| DashboardError::new(address, std::io::Error::other(error)))?;
        let handle = hub.handle();
        let recent = Arc::new(Recent::new(watch.clone()));
        let events = events::events(&recent, crawl.feed()).spawn_into(hub);
        let end = CancellationToken::new();
        let mut server = JoinSet::new();
        server
            .spawn(Server::new(address, handle.clone(), recent.clone()).run(listener, end.clone()));
        Ok(Self {
            address,
            hub: handle,
            recent,
            events,
            server,
            end,
        })
    }

    /// Where a browser finds it.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}/")
    }

    /// Tells the viewers what the crawl has come to, and closes.
    pub async fn close(mut self, summary: &Summary) {
        let end = serde_json::json!({ "totals": summary, "state": self.recent.look() });
        if let Ok(end) = Event::json("end", &end) {
            // Nobody is left to tell if the hub has gone.
            let _ = self.hub.publish(end).await;
        }
        // That the last viewers went before they were told is no failure.
        let _ = self.events.stop(GOODBYE).await;
        // Who asked for the end has to be told that it was heard.
        self.end.cancel();
        let _ = timeout(GOODBYE, self.server.join_next()).await;
    }
}

async fn listen(at: DashboardAddress) -> Result<(TcpListener, SocketAddr), DashboardError> {
    let choices: Vec<SocketAddr> = match at {
        DashboardAddress::At(address) => vec![address],
        DashboardAddress::Auto => (PORT..PORT + PORTS)
            .chain([0])
            .map(|port| (Ipv4Addr::LOCALHOST, port).into())
            .collect(),
    };
    let mut trouble = None;
    for address in choices {
        match TcpListener::bind(address).await.and_then(|listener| {
            let local = listener.local_addr()?;
            Ok((listener, local))
        }) {
            Ok(found) => return Ok(found),
            Err(error) => trouble = Some(DashboardError::new(address, error)),
        }
    }
    Err(trouble.unwrap_or_else(|| {
        let none = (Ipv4Addr::LOCALHOST, PORT).into();
        DashboardError::new(none, std::io::ErrorKind::AddrNotAvailable.into())
    }))
}
