//! One producer side, many subscribers: every item reaches each of them, and each chooses what happens when it is slow.
//!
//! Items lie in batches that all subscribers read in place; a delivery costs one `clone` and no lock. `share` and
//! [`Subject`](crate::Subject) are built on it.
//!
//! A batch is freed as a whole when the last subscriber that needs it is through. The [`Meter`] of a hub counts
//! *deliveries*: an item sent to three subscribers is received three times, and each of the three is emitted, or dropped
//! because the subscriber fell behind or left. An item sent to nobody is received and cancelled once.

mod audience;
mod history;
mod lagging;
mod sender;
mod state;
mod subscriber;

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use crate::{
    DropReason, Meter, StageId,
    queue::{lock, wait},
    sync::Mutex,
};

pub use history::History;
pub use lagging::{Lagged, Lagging};
pub use sender::{Audience, HubSender};
use state::{Batch, Segment, State};
pub use subscriber::Subscriber;

/// What a hub does for a subscriber that is slower than the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Every item arrives; the slowest such subscriber holds back the source.
    #[default]
    Lossless,
    /// The subscriber may fall behind by so many items; what it misses beyond that is told and counted.
    Lag(usize),
    /// Only the newest item arrives; the others are counted.
    Latest,
}

impl Delivery {
    /// How far a subscriber may fall behind before it loses items; `None` if it never does.
    fn slack(self) -> Option<u64> {
        match self {
            Self::Lossless => None,
            Self::Lag(items) => Some(items as u64),
            Self::Latest => Some(1),
        }
    }
}

/// Creates a hub that lets the slowest lossless subscriber fall behind by at most `capacity` items.
///
/// # Panics
///
/// Panics if `capacity` is 0.
#[must_use]
#[track_caller]
pub fn hub<T, E>(id: StageId, capacity: usize, meter: Meter) -> (HubSender<T, E>, Hub<T, E>) {
    replaying_hub(id, capacity, History::default(), meter)
}

/// Creates a [`hub`] that keeps a history: a subscriber gets it first, and then what is sent from that moment on.
///
/// Both are settled under one lock: an item that is sent while somebody subscribes comes once, as history or as news. The
/// history does not hold back the sender: a subscriber may be behind by `capacity` of the items sent since it came.
/// Items sent to nobody are kept and counted when they are replayed.
///
/// # Panics
///
/// Panics if `capacity` is 0.
#[must_use]
#[track_caller]
pub fn replaying_hub<T, E>(
    id: StageId,
    capacity: usize,
    history: History,
    meter: Meter,
) -> (HubSender<T, E>, Hub<T, E>) {
    let hub = Hub::new(id, capacity, history, meter);
    (HubSender::new(Arc::clone(&hub.shared)), hub)
}

struct Shared<T, E> {
    id: StageId,
    capacity: usize,
    meter: Meter,
    state: Mutex<State<T, E>>,
}

impl<T, E> Shared<T, E> {
    /// Hands a batch to all subscribers, and gives what is to be dropped outside the lock.
    fn publish(
        &self,
        state: &mut State<T, E>,
        batch: Batch<T>,
        sent: Option<Instant>,
        woken: &mut Vec<Waker>,
    ) -> Superfluous<T> {
        if !state.is_wanted() {
            self.meter.receive(batch.len());
            self.meter.drop_items(DropReason::Cancelled, batch.len());
            return Superfluous {
                _refused: Some(batch),
                _outdated: Vec::new(),
            };
        }
        state.push(batch, sent, &self.meter);
        state.places.take_wakers(woken);
        Superfluous {
            _refused: None,
            _outdated: state.trim_outdated(),
        }
    }

    fn forget_until(&self, instant: Instant) {
        let mut state = lock(&self.state);
        state.forget_until(instant);
        let forgotten = state.trim();
        drop(state);
        drop(forgotten);
    }

    fn finish(&self, end: Result<(), E>, woken: &mut Vec<Waker>) {
        let end = Arc::new(end);
        {
            let mut state = lock(&self.state);
            if state.end.is_some() {
                return;
            }
            state.end = Some(end);
            state.places.take_wakers(woken);
            woken.append(&mut state.waiting);
            woken.extend(state.producer.take());
        }
        woken.drain(..).for_each(Waker::wake);
    }
}

/// What a batch leaves to be dropped: itself if nobody wants it, or what it makes too old.
struct Superfluous<T> {
    _refused: Option<Batch<T>>,
    _outdated: Vec<Segment<T>>,
}

/// The side of a [`hub`] that hands out subscriptions.
pub struct Hub<T, E> {
    shared: Arc<Shared<T, E>>,
}

impl<T, E> Hub<T, E> {
    /// Creates a hub whose items come by [`poll_send`](Self::poll_send).
    #[track_caller]
    pub(crate) fn new(id: StageId, capacity: usize, history: History, meter: Meter) -> Self {
        assert!(capacity > 0, "a hub of 0 items lets nothing through");
        Self {
            shared: Arc::new(Shared {
                id,
                capacity,
                meter,
                state: Mutex::new(State::new(history)),
            }),
        }
    }

    /// Adds a subscriber that gets the history, if one is kept, and every item sent from now on, at the pace of `delivery`.
    ///
    /// # Panics
    ///
    /// Panics for a [`Delivery::Lag`] of 0 items.
    #[must_use]
    #[track_caller]
    pub fn subscribe(&self, delivery: Delivery) -> Subscriber<T, E> {
        assert!(
            delivery != Delivery::Lag(0),
            "a subscriber that may lag by 0 items gets nothing"
        );
        let mut state = lock(&self.shared.state);
        let (key, first) = state.join(delivery);
        self.shared.meter.receive(state.head - first);
        drop(state);
        Subscriber::new(Arc::clone(&self.shared), key, first, delivery)
    }

    /// Forgets the history that was [sent](HubSender::send_batch_at) at `instant` or before.
    ///
    /// Those who have subscribed still get it.
    pub fn forget_until(&self, instant: Instant) {
        self.shared.forget_until(instant);
    }

    /// Puts a first item into the history, before anybody can have subscribed.
    pub(crate) fn begin_with(&self, item: T) {
        lock(&self.shared.state).push(Batch::One(item), None, &self.shared.meter);
    }

    /// Gives the newest batch that is kept.
    pub(crate) fn newest(&self) -> Option<Arc<Vec<T>>> {
        let state = lock(&self.shared.state);
        state
            .segments
            .back()
            .map(|newest| Arc::clone(&newest.items))
    }

    /// Counts the subscribers.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        lock(&self.shared.state).places.count()
    }

    /// Tells whether the hub has completed or failed.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        lock(&self.shared.state).end.is_some()
    }

    /// Tells whether the hub has failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        let state = lock(&self.shared.state);
        state.end.as_ref().is_some_and(|end| end.is_err())
    }

    /// Gives the live numbers of the hub, in deliveries.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.shared.meter
    }

    /// Waits for room among the lossless subscribers, then hands them the item in `slot`.
    pub(crate) fn poll_send(&self, slot: &mut Option<T>, task: &mut Context<'_>) -> Poll<()> {
        let Some(item) = slot.take() else {
            return Poll::Ready(());
        };
        let mut woken = Vec::new();
        let superfluous = {
            let mut state = lock(&self.shared.state);
            if state.end.is_none() && state.room(self.shared.capacity) == 0 {
                wait(&mut state.waiting, task.waker());
                *slot = Some(item);
                return Poll::Pending;
            }
            self.shared
                .publish(&mut state, Batch::One(item), None, &mut woken)
        };
        woken.into_iter().for_each(Waker::wake);
        drop(superfluous);
        Poll::Ready(())
    }

    /// Hands a batch to all subscribers as the lossless ones have room for it; ready when nothing is left of it.
    pub(crate) fn poll_send_batch(&self, batch: &mut Vec<T>, task: &mut Context<'_>) -> Poll<()> {
        while !batch.is_empty() {
            let mut woken = Vec::new();
            let superfluous = {
                let mut state = lock(&self.shared.state);
                let room = match &state.end {
                    Some(_) => batch.len(),
                    None => state.room(self.shared.capacity),
                };
                if room == 0 {
                    wait(&mut state.waiting, task.waker());
                    return Poll::Pending;
                }
                let later = batch.split_off(room.min(batch.len()));
                let now = Batch::Many(std::mem::replace(batch, later));
                self.shared.publish(&mut state, now, None, &mut woken)
            };
            woken.into_iter().for_each(Waker::wake);
            // What nobody gets is dropped here, outside the lock.
            drop(superfluous);
        }
        Poll::Ready(())
    }

    /// Ends the hub for all subscribers.
    pub(crate) fn end(&self, end: Result<(), E>) {
        self.shared.finish(end, &mut Vec::new());
    }
}

impl<T, E> Clone for Hub<T, E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T, E> fmt::Debug for Hub<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("id", &self.shared.id)
            .field("subscribers", &self.subscribers())
            .finish_non_exhaustive()
    }
}
