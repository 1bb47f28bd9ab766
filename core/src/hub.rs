//! One producer side, many subscribers: every item reaches each of them, and each chooses what happens when it is slow.
//!
//! Items lie in batches that all subscribers read in place; a delivery costs one `clone` and no lock. `share` and
//! [`Subject`](crate::Subject) are built on it.
//!
//! A batch is freed as a whole when the last subscriber that needs it is through. The [`Meter`] of a hub counts
//! *deliveries*: an item sent to three subscribers is received three times, and each of the three is emitted, or dropped
//! because the subscriber fell behind or left. An item sent to nobody is received and cancelled once.

mod audience;
mod subscriber;

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use crate::{
    DropReason, Meter, StageId,
    queue::{lock, register, wait},
};

use audience::Places;
pub use subscriber::{Lagged, Lagging, Subscriber};

/// Items in one batch at most, when single items are sent while nobody reads.
const SEGMENT: usize = 256;

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
    let hub = Hub::new(id, capacity, meter);
    let sender = HubSender {
        shared: Arc::clone(&hub.shared),
        woken: Vec::new(),
    };
    (sender, hub)
}

struct Shared<T, E> {
    id: StageId,
    capacity: usize,
    meter: Meter,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    segments: VecDeque<Segment<T>>,
    /// The sequence number of the next item.
    head: u64,
    places: Places,
    /// Shared, so that it is cloned for each subscriber outside the lock.
    end: Option<Arc<Result<(), E>>>,
    /// Producers that wait for room.
    waiting: Vec<Waker>,
    /// The task to wake when a subscriber leaves or all of them are stopping.
    producer: Option<Waker>,
}

struct Segment<T> {
    start: u64,
    items: Arc<Vec<T>>,
}

impl<T> Segment<T> {
    fn end(&self) -> u64 {
        self.start + self.items.len() as u64
    }
}

impl<T, E> State<T, E> {
    fn room(&self, capacity: usize) -> usize {
        let behind = self.head - self.places.slowest().unwrap_or(self.head);
        capacity.saturating_sub(usize::try_from(behind).unwrap_or(usize::MAX))
    }

    /// Takes out the segments that nobody needs any more; their items are to be dropped outside the lock.
    #[must_use]
    fn trim(&mut self) -> Vec<Segment<T>> {
        let needed = self.places.needed(self.head);
        let done = self
            .segments
            .iter()
            .take_while(|segment| segment.end() <= needed)
            .count();
        self.segments.drain(..done).collect()
    }

    /// Takes the producers that wait, if there is room for them.
    #[must_use]
    fn admitted(&mut self, capacity: usize) -> Vec<Waker> {
        if self.waiting.is_empty() || self.room(capacity) == 0 {
            return Vec::new();
        }
        std::mem::take(&mut self.waiting)
    }

    /// Adds items behind the others, and counts one delivery for each subscriber.
    fn push(&mut self, batch: Batch<T>, meter: &Meter) {
        let items = batch.len();
        meter.receive(items * self.places.count() as u64);
        let start = self.head;
        self.head += items;
        let items = match batch {
            Batch::Many(items) => items,
            Batch::One(item) => {
                let open = self
                    .segments
                    .back_mut()
                    .and_then(|segment| Arc::get_mut(&mut segment.items))
                    .filter(|items| items.len() < SEGMENT);
                if let Some(items) = open {
                    items.push(item);
                    return;
                }
                vec![item]
            }
        };
        self.segments.push_back(Segment {
            start,
            items: Arc::new(items),
        });
    }
}

enum Batch<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Batch<T> {
    fn len(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Many(items) => items.len() as u64,
        }
    }
}

impl<T, E> Shared<T, E> {
    /// Hands a batch to all subscribers; gives it back if there is none, or if the hub has ended.
    fn publish(
        &self,
        state: &mut State<T, E>,
        batch: Batch<T>,
        woken: &mut Vec<Waker>,
    ) -> Option<Batch<T>> {
        if state.end.is_some() || state.places.count() == 0 {
            self.meter.receive(batch.len());
            self.meter.drop_items(DropReason::Cancelled, batch.len());
            return Some(batch);
        }
        state.push(batch, &self.meter);
        state.places.take_wakers(woken);
        None
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

/// The side of a [`hub`] that hands out subscriptions.
pub struct Hub<T, E> {
    shared: Arc<Shared<T, E>>,
}

impl<T, E> Hub<T, E> {
    /// Creates a hub whose items come by [`poll_send`](Self::poll_send).
    #[track_caller]
    pub(crate) fn new(id: StageId, capacity: usize, meter: Meter) -> Self {
        assert!(capacity > 0, "a hub of 0 items lets nothing through");
        Self {
            shared: Arc::new(Shared {
                id,
                capacity,
                meter,
                state: Mutex::new(State {
                    segments: VecDeque::new(),
                    head: 0,
                    places: Places::default(),
                    end: None,
                    waiting: Vec::new(),
                    producer: None,
                }),
            }),
        }
    }

    /// Adds a subscriber that gets every item sent from now on, at the pace of `delivery`.
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
        let head = state.head;
        let key = state.places.add(head, delivery);
        drop(state);
        Subscriber::new(Arc::clone(&self.shared), key, head, delivery)
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
        let refused = {
            let mut state = lock(&self.shared.state);
            if state.end.is_none() && state.room(self.shared.capacity) == 0 {
                wait(&mut state.waiting, task.waker());
                *slot = Some(item);
                return Poll::Pending;
            }
            self.shared
                .publish(&mut state, Batch::One(item), &mut woken)
        };
        woken.into_iter().for_each(Waker::wake);
        // An item that nobody gets is dropped here, outside the lock.
        drop(refused);
        Poll::Ready(())
    }

    /// Hands a batch to all subscribers as the lossless ones have room for it; ready when nothing is left of it.
    pub(crate) fn poll_send_batch(&self, batch: &mut Vec<T>, task: &mut Context<'_>) -> Poll<()> {
        while !batch.is_empty() {
            let mut woken = Vec::new();
            let refused = {
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
                self.shared.publish(&mut state, now, &mut woken)
            };
            woken.into_iter().for_each(Waker::wake);
            // What nobody gets is dropped here, outside the lock.
            drop(refused);
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

/// The producer's side of a [`hub`]; the hub completes when it is dropped.
pub struct HubSender<T, E> {
    shared: Arc<Shared<T, E>>,
    /// Kept so that a batch costs no allocation for the wakers.
    woken: Vec<Waker>,
}

impl<T, E> HubSender<T, E> {
    /// Gives the number of items by which the slowest lossless subscriber may be behind.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.capacity
    }

    /// Waits until the slowest lossless subscriber leaves room; the number of items that may be sent.
    pub fn poll_room(&self, task: &mut Context<'_>) -> Poll<usize> {
        let mut state = lock(&self.shared.state);
        match state.room(self.shared.capacity) {
            0 => {
                wait(&mut state.waiting, task.waker());
                Poll::Pending
            }
            room => Poll::Ready(room),
        }
    }

    /// Hands a batch to every subscriber; with none the items are dropped and counted as cancelled.
    pub fn send_batch(&mut self, batch: Vec<T>) {
        if batch.is_empty() {
            return;
        }
        let refused = {
            let mut state = lock(&self.shared.state);
            self.shared
                .publish(&mut state, Batch::Many(batch), &mut self.woken)
        };
        self.woken.drain(..).for_each(Waker::wake);
        drop(refused);
    }

    /// Ends the hub: every subscriber gets what is left, then the completion or the error. The first end counts.
    pub fn end(&mut self, end: Result<(), E>) {
        self.shared.finish(end, &mut self.woken);
    }

    /// Tells how many subscribers there are and whether all of them are stopping, and has `task` woken on a change.
    pub fn watch(&self, task: &mut Context<'_>) -> Audience {
        let mut state = lock(&self.shared.state);
        let replaced = register(&mut state.producer, task.waker());
        let audience = Audience {
            subscribers: state.places.count(),
            stopping: state.places.all_stopping(),
        };
        drop(state);
        // Outside the lock: a waker may hold a whole task.
        drop(replaced);
        audience
    }
}

impl<T, E> Drop for HubSender<T, E> {
    fn drop(&mut self) {
        self.shared.finish(Ok(()), &mut self.woken);
    }
}

impl<T, E> fmt::Debug for HubSender<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubSender")
            .field("id", &self.shared.id)
            .finish_non_exhaustive()
    }
}

/// Who listens to a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audience {
    /// How many subscribers there are.
    pub subscribers: usize,
    /// Whether there are any and every one of them asked for a graceful end.
    pub stopping: bool,
}
