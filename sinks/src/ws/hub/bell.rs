//! How a shard is told that there is something to do.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{admission::Admission, client::Connection, limits::Seat, protocol::Since, wire::Form};

/// A client on its way from its request to its shard.
pub(super) struct Arrival {
    pub(super) connection: Connection,
    pub(super) form: Form,
    pub(super) admission: Arc<Admission>,
    pub(super) seat: Seat,
    /// The answer to the request: written by the shard, so that who has it has subscribed.
    pub(super) greeting: Bytes,
    /// What came after the request.
    pub(super) rest: Bytes,
    pub(super) topics: Vec<String>,
    pub(super) since: Since,
}

/// What wakes a shard: clients that come, and connections that can be read or written.
pub(super) struct Bell {
    rung: Notify,
    ready: Mutex<Vec<usize>>,
    /// `None` once the shard has ended.
    arrivals: Mutex<Option<Vec<Arrival>>>,
}

impl Default for Bell {
    fn default() -> Self {
        Self {
            rung: Notify::new(),
            ready: Mutex::default(),
            arrivals: Mutex::new(Some(Vec::new())),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while these are locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bell {
    pub(super) fn ring(&self) {
        self.rung.notify_one();
    }

    /// Waits until it is rung, or was since the last time.
    pub(super) async fn rung(&self) {
        self.rung.notified().await;
    }

    /// Hands over a client; one that comes too late is disconnected.
    pub(super) fn arrive(&self, arrival: Arrival) {
        if let Some(arrivals) = &mut *lock(&self.arrivals) {
            arrivals.push(arrival);
        }
        self.ring();
    }

    pub(super) fn take_arrivals(&self) -> Vec<Arrival> {
        let mut arrivals = lock(&self.arrivals);
        arrivals.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes the clients whose connections woke.
    pub(super) fn take_ready(&self) -> Vec<usize> {
        std::mem::take(&mut *lock(&self.ready))
    }

    /// Lets nobody arrive any more.
    pub(super) fn close(&self) {
        let late = lock(&self.arrivals).take();
        drop(late);
    }
}

/// What the connection of one client wakes.
pub(super) struct Doorbell {
    client: usize,
    is_rung: AtomicBool,
    bell: Arc<Bell>,
}

impl Doorbell {
    pub(super) fn new(client: usize, bell: Arc<Bell>) -> Arc<Self> {
        Arc::new(Self {
            client,
            is_rung: AtomicBool::new(false),
            bell,
        })
    }

    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    /// Lets it ring again.
    pub(super) fn reset(&self) {
        self.is_rung.store(false, Ordering::Release);
    }
}

impl Wake for Doorbell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            lock(&self.bell.ready).push(self.client);
            self.bell.ring();
        }
    }
}
