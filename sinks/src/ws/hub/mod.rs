//! The hub: live events to many clients, over WebSocket or server-sent events, with nothing lost in silence.
//!
//! A [`Hub`] is a sink of [`Event`]s, each of a topic. Clients subscribe to topics, come back after a break and get what they
//! missed, and are told what they do not get because they are too slow. [`Hub::builder`] sets everything that can be set.
//!
//! # How it works, and what it holds
//!
//! Every worker of the runtime has one task, a *shard*, which serves its part of the clients. Events are numbered in the order
//! of their publication; every shard takes them in this order, up to 64 events or 64 KiB at once, and sends them to a client
//! by one write: what is published while it is busy goes out with the next write, and what is not is sent at once. An event
//! is encoded once, and clients with the same topics share the bytes.
//!
//! | what | holds |
//! |---|---|
//! | the queue to the shards | 1,024 events and 1 MiB, see [`Builder::queue`]; when it is full, the flow is held back |
//! | the history of a topic | 1,024 events and 1 MiB, see [`Builder::history`]; of 10,000 topics, see [`Builder::max_topics`] |
//! | an idle client | about 1 KiB, and no buffer: neither to read nor to write |
//! | a client that is slower than its events | up to 1,024 events and 256 KiB, see [`Builder::backlog`]; of events that others get too, a pointer each |
//! | a client that comes back | a pointer to each event of the history that it has still to get |
//! | a [journal](Builder::journal) | on the disk, twice the history and 1 MiB |
//! | in the system, for a slow client | 16 KiB that are not sent yet, on Linux |
//!
//! What becomes of a client for which more waits than may, [`SlowClients`] says, by topic or by client. A client is
//! disconnected when it does not answer a ping, or takes nothing of what waits for it, for a minute, see [`Builder::ping`].
//!
//! # The protocol over WebSocket
//!
//! The id of an event is `epoch:offset`: the epoch is that of the hub, the offset one count over the events of all topics, so
//! that one id tells for any number of topics where a client is. Clients send text messages of JSON:
//!
//! ```json
//! {"subscribe":"trades"}
//! {"subscribe":["trades","load"],"after":"e1f0:4711"}
//! {"subscribe":"trades","last":100}
//! {"unsubscribe":"trades"}
//! ```
//!
//! or subscribe by the address that they connect to: `ws://host/?topic=trades&topic=load&after=e1f0:4711&last=100`. They get:
//!
//! | message | means |
//! |---|---|
//! | `{"subscribed":"trades","id":"e1f0:4711","clients":3}` | Comes before the first event, also if there has been none: events of the topic after this id follow. So many clients have subscribed to it. |
//! | `{"subscribed":"trades","id":"e1f0:4711","clients":3,"missed":40}` | The same, if the client said `after` or `last`: 40 of the events that follow were published before. |
//! | `{"topic":"trades","id":"e1f0:4712","data":…}` | An event. |
//! | `{"gap":"trades","dropped":17,"id":"e1f0:4730"}` | 17 events of the topic are not sent to this client, which is too slow; the id is of the last of them. |
//! | `{"reset":"trades","id":"e1f0:4730"}` | What came after the id that was asked for is not known any more, or the id is of another hub: state has to be fetched anew. Events after this id follow. |
//! | `{"unsubscribed":"trades"}` | No event of the topic follows. |
//! | `{"presence":"trades","clients":4}` | So many clients have subscribed now, see [`Builder::presence`]. |
//! | `{"error":"…"}` | What was not understood, or not allowed, and what to do. |
//!
//! A client that keeps the id of the last event and comes back with it as `after` gets every event that it missed exactly
//! once. Until there is an event, the smallest id of those that were `subscribed` by one request is the one to keep; that of
//! a `gap` never is. `after` counts for topics that the connection has not subscribed to yet; a client that adds an old id to
//! a connection that is further keeps an id by topic. Names of topics that clients say have 1 to 256 bytes.
//!
//! With `last`, and without `after`, the newest 100 events of each topic come first, or as many as the history has; with both
//! they come if there is a `reset`. Events that were missed come in the order of their ids, those of several topics merged,
//! and neither do they come nor are they counted where a [filter](Admission::filter) leaves them out.
//!
//! By the subprotocol `thalweg.msgpack` (feature `msgpack`) all messages are the same maps as binary messages of
//! `MessagePack`; `thalweg.json` is as none. With `thalweg.plain`, or none if the hub is [plain](Builder::plain), the data
//! comes alone: no ids, no notices; who is slow misses events without being told.
//!
//! | code | when the hub closes a connection with it |
//! |---|---|
//! | 1000 | the client has closed it |
//! | 1002, 1007, 1009 | what came is no WebSocket, no UTF-8, too large, see [`Builder::max_message`] |
//! | 1008 | too many messages, see [`Builder::message_rate`]; or 1,024 answers that are not read |
//! | 1012 | the hub closes; connect anew |
//! | 1013 | the client is too slow, see [`SlowClients`]; connect anew |
//!
//! # The same over server-sent events
//!
//! `GET /?topic=trades` with `Accept: text/event-stream` on the same port, which is what an `EventSource` of a browser does.
//! Events have the `id`, the topic as `event`, and the data; `subscribed`, `gap`, `reset`, `presence` and `error` are events of
//! these names with the data above. An `EventSource` fires `error` of itself as well, without data.
//!
//! So that it is not taken for one of these, for `unsubscribed`, or for `open`, a topic `gap` is the event `topic:gap`; and so
//! that no two topics are one, a topic `topic:gap` is `topic:topic:gap`. Other topics are events of their own names.
//!
//! When it reconnects, the browser says by itself in `Last-Event-ID` where it was, and an `after` or `last` in the address
//! counts for the first time only. A comment every 15 seconds keeps the connection alive, see [`Builder::heartbeat`].
//!
//! # Answers
//!
//! 400 to what is no request, 401, 403 and 429 as [`Builder::admit`] says, 403 to a page of an origin that may not, 405 to
//! anything but `GET`, 426 to what is neither WebSocket nor server-sent events, 429 and 503 when there are too many clients,
//! 431 to a head above 8 KiB, 503 while the hub closes. Who does not complete its request in 5 seconds is disconnected. Any
//! path will do; the hook sees it.
//!
//! # Examples
//!
//! ```
//! use futures_util::StreamExt;
//! use thalweg::{prelude::*, sinks::ws::{Event, Hub}};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder().epoch("e1f0").bind("127.0.0.1:0").await?;
//! let url = format!("ws://{}/?topic=levels", hub.address());
//! let (client, _) = tokio_tungstenite::connect_async(url).await?;
//!
//! let levels = [("Basel", 512), ("Worms", 87)].flow();
//! let events = levels.map(|(gauge, cm)| Event::raw("levels", cm.to_string()).with_key(gauge));
//! events.run_into(hub).await?;
//!
//! let received: Vec<_> = client.filter_map(async |message| message.ok()?.into_text().ok()).collect().await;
//! assert_eq!(received[0], r#"{"subscribed":"levels","id":"e1f0:0","clients":1}"#);
//! assert_eq!(received[1], r#"{"topic":"levels","id":"e1f0:1","data":512}"#);
//! assert_eq!(received[2], r#"{"topic":"levels","id":"e1f0:2","data":87}"#);
//! # Ok(()) }
//! ```

mod accept;
mod admission;
mod backlog;
mod bell;
mod builder;
mod client;
mod decoder;
#[cfg(test)]
mod echo;
mod error;
mod event;
mod events;
mod handle;
mod http;
mod journal;
mod limits;
mod log;
mod options;
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
    shard::Shard,
    shared::{Phase, Shared},
};

pub use self::{
    admission::{Admission, Refusal, Request},
    backlog::SlowClients,
    builder::Builder,
    error::{BindError, JournalError, PublishError},
    event::Event,
    events::EventBody,
    handle::Handle,
    options::Topic,
    stats::Stats,
    topic::{JsonTopic, TextTopic},
};

/// A server whose clients get the events of the topics that they subscribe to; see [the module](self) for all of it.
///
/// As a sink it takes [`Event`]s, or with [`json`](Hub::json) and [`texts`](Hub::texts) plain values, all of one topic. Clients
/// are served from the moment that it is [bound](Builder::bind), whether a flow runs into it or not.
///
/// # Backpressure
///
/// A write waits while the tasks that serve the clients are behind by [a queue](Builder::queue). How slow clients are, they
/// mind only if the policy is [`SlowClients::Wait`].
///
/// # Durability
///
/// An event that was written is in the memory of the process alone, or with [`Builder::journal`] also in that of the system
/// and so survives the process. The close sends all that was published, brings the journal to the disk, and sends the
/// clients away with code 1012, over [a window](Builder::drain); those that do not take what waits for them have 5 seconds
/// from then. Dropping the hub disconnects all at once.
///
/// # Errors
///
/// [`PublishError::Closed`] after a close, and if a filter of [`Admission`] has panicked; [`PublishError::Journal`].
///
/// # Cancel safety
///
/// Events that a cancelled write did not publish are still in the batch. A close that is cancelled goes on by itself while the
/// hub is not dropped.
#[doc(alias = "broadcast")]
#[doc(alias = "server_sent_events")]
#[doc(alias = "sse")]
#[doc(alias = "websocket")]
#[must_use = "a hub that is dropped serves nobody"]
pub struct Hub {
    handle: Handle,
    address: SocketAddr,
    tasks: JoinSet<()>,
}

impl Hub {
    /// Sets up a hub: everything has a default that is fit for the open internet, except that any page may connect.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn start(shared: Shared, listener: Option<(TcpListener, SocketAddr)>) -> Self {
        let shards = shared.shards();
        let shared = Arc::new(shared);
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
        self.handle.shared.finish().await
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
