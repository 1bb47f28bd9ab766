//! The clients of a server, each with its queue.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use thalweg_core::{
    DropReason, Meter, Overflow, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};
use tokio::sync::{oneshot, watch};
use tokio_tungstenite::tungstenite::Message;

/// A view of the clients of a [`broadcast`](super::broadcast) and of what they missed. Clones see the same clients.
#[derive(Clone)]
pub struct Clients {
    shared: Arc<Shared>,
}

struct Shared {
    list: Mutex<List>,
    closing: watch::Sender<bool>,
    capacity: usize,
    overflow: Overflow,
    meter: Meter,
    disconnected: AtomicU64,
    failed: AtomicU64,
    id: StageId,
}

struct List {
    clients: HashMap<u64, Client>,
    next: u64,
    closed: bool,
}

struct Client {
    queue: QueueSender<Message, Infallible>,
    /// Told when the client is too slow; that it is dropped is no news.
    too_slow: oneshot::Sender<()>,
    /// Kept, so that a batch costs no allocation: the queue swaps it for its own.
    batch: VecDeque<Message>,
}

/// A client's own side: its queue, and its place among the clients, which it leaves when this is dropped.
pub(super) struct Joined {
    pub(super) queue: QueueReceiver<Message, Infallible>,
    pub(super) too_slow: oneshot::Receiver<()>,
    _place: Place,
}

struct Place {
    clients: Clients,
    key: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let left = self.clients.list().clients.remove(&self.key);
        drop(left);
    }
}

impl Clients {
    #[track_caller]
    pub(super) fn new(capacity: usize, overflow: Overflow) -> Self {
        let list = List {
            clients: HashMap::new(),
            next: 0,
            closed: false,
        };
        Self {
            shared: Arc::new(Shared {
                list: Mutex::new(list),
                closing: watch::Sender::new(false),
                capacity,
                overflow,
                meter: Meter::new(),
                disconnected: AtomicU64::new(0),
                failed: AtomicU64::new(0),
                id: StageId::here("ws::broadcast"),
            }),
        }
    }

    /// Counts the clients that are connected.
    pub fn count(&self) -> usize {
        self.list().clients.len()
    }

    /// Counts the clients that were disconnected because they were too slow.
    pub fn disconnected(&self) -> u64 {
        self.shared.disconnected.load(Relaxed)
    }

    /// Counts the connections that came to nothing: not accepted by the system, or without a handshake within 10 seconds.
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Relaxed)
    }

    /// Gives the live numbers of all queues together: a message counts once a client.
    pub fn meter(&self) -> &Meter {
        &self.shared.meter
    }

    fn list(&self) -> MutexGuard<'_, List> {
        // No invariant of the list spans a call that could panic.
        let list = self.shared.list.lock();
        list.unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a client, which gets every message from now on; `None` once the server closes.
    pub(super) fn join(&self) -> Option<Joined> {
        let shared = &self.shared;
        let mut list = self.list();
        if list.closed {
            return None;
        }
        let key = list.next;
        list.next += 1;
        let meter = shared.meter.clone();
        let (sender, receiver) = queue(shared.id, shared.capacity, shared.overflow, meter);
        let (too_slow, told) = oneshot::channel();
        list.clients.insert(
            key,
            Client {
                queue: sender,
                too_slow,
                batch: VecDeque::new(),
            },
        );
        drop(list);
        Some(Joined {
            queue: receiver,
            too_slow: told,
            _place: Place {
                clients: self.clone(),
                key,
            },
        })
    }

    /// Waits until every queue has room; how many messages fit into the fullest.
    pub(super) fn poll_room(&self, task: &mut Context<'_>) -> Poll<usize> {
        let list = self.list();
        let mut least = Poll::Ready(self.shared.capacity);
        for client in list.clients.values() {
            match (client.queue.poll_room(task), least) {
                (Poll::Pending, _) => least = Poll::Pending,
                (Poll::Ready(Ok(room)), Poll::Ready(other)) => least = Poll::Ready(room.min(other)),
                (Poll::Ready(_), _) => {}
            }
        }
        least
    }

    /// Puts the messages into every queue; a client whose queue neither takes nor drops them is too slow and has to leave.
    pub(super) fn send(&self, messages: &[Message]) {
        let mut too_slow = Vec::new();
        self.list()
            .clients
            .extract_if(|_, client| {
                client.batch.extend(messages.iter().cloned());
                client.queue.send_batch(&mut client.batch).is_err() || !client.batch.is_empty()
            })
            .for_each(|(_, client)| too_slow.push(client));
        for client in too_slow {
            // One that has left by itself just now is not to blame.
            if !client.queue.is_closed() {
                client
                    .queue
                    .count_dropped(DropReason::Overflow, client.batch.len() as u64);
                self.shared.disconnected.fetch_add(1, Relaxed);
                let _ = client.too_slow.send(());
            }
        }
    }

    /// Ends every queue, and lets no client join any more.
    pub(super) fn close(&self) {
        let clients = {
            let mut list = self.list();
            list.closed = true;
            std::mem::take(&mut list.clients)
        };
        // What is in the queues is still sent: a queue completes when its sender is dropped.
        drop(clients);
        self.shared.closing.send_replace(true);
    }

    /// Waits until the server closes.
    pub(super) async fn closing(&self) {
        let mut closing = self.shared.closing.subscribe();
        // The sender lives as long as `self`.
        let _ = closing.wait_for(|closing| *closing).await;
    }

    pub(super) fn count_failed(&self) {
        self.shared.failed.fetch_add(1, Relaxed);
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients")
            .field("count", &self.count())
            .field("disconnected", &self.disconnected())
            .field("meter", &self.shared.meter)
            .finish_non_exhaustive()
    }
}
