//! The bounded queue between two tasks: items cross by the batch, under one short lock and with one wake.

mod receiver;
mod sender;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, PoisonError, atomic::Ordering},
    task::Waker,
};

use crate::{
    Meter, StageId,
    sync::{AtomicUsize, Mutex, MutexGuard},
};

pub use receiver::QueueReceiver;
pub use sender::QueueSender;

/// What a full queue does with one more item.
///
/// | here | Reactor `BufferOverflowStrategy` | Kotlin `BufferOverflow` | Pekko `OverflowStrategy` |
/// |---|---|---|---|
/// | `Wait` | (demand) | `SUSPEND` | `backpressure` |
/// | `DropIncoming` | `DROP_LATEST` | `DROP_LATEST` | `dropNew` |
/// | `DropOldest` | `DROP_OLDEST` | `DROP_OLDEST` | `dropHead` |
/// | `Fail` | `ERROR` | | `fail` |
///
/// Pekko's `dropTail` drops the youngest item *in* the queue, which none of these does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Overflow {
    /// Holds back the producer until there is room.
    #[default]
    Wait,
    /// Drops the item that comes, keeps those in the queue.
    DropIncoming,
    /// Drops the item that is longest in the queue, keeps the one that comes.
    DropOldest,
    /// Fails the stream.
    Fail,
}

/// Locks, also after a panic elsewhere: no invariant here spans a call of foreign code.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts `waker` into `slot`; the one it replaces is to be dropped outside the lock, because it may hold a whole task.
#[must_use = "it is to be dropped outside the lock"]
pub(crate) fn register(slot: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match slot {
        Some(known) if known.will_wake(waker) => None,
        slot => slot.replace(waker.clone()),
    }
}

/// Adds `waker` to those that wait, once.
pub(crate) fn wait(waiting: &mut Vec<Waker>, waker: &Waker) {
    if !waiting.iter().any(|known| known.will_wake(waker)) {
        waiting.push(waker.clone());
    }
}

/// Creates a queue of at most `capacity` items, described as the stage `id`.
///
/// The bound counts everything between producer and consumer, also what is left of the batch that the receiver works on.
/// A receiver takes a batch under one lock; with [`Overflow::DropOldest`] it takes item by item, because the oldest must
/// be there to be dropped.
///
/// # Panics
///
/// Panics if `capacity` is 0.
#[must_use]
#[track_caller]
pub fn queue<T, E>(
    id: StageId,
    capacity: usize,
    overflow: Overflow,
    meter: Meter,
) -> (QueueSender<T, E>, QueueReceiver<T, E>) {
    assert!(capacity > 0, "a queue of 0 items lets nothing through");
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            items: VecDeque::new(),
            end: None,
            closed: false,
            stopping: false,
            senders: 1,
            next_sender: 1,
            receiver: None,
            waiting: Vec::new(),
            watching: BTreeMap::new(),
        }),
        taken: AtomicUsize::new(0),
        capacity,
        overflow,
        meter,
    });
    let sender = QueueSender::new(Arc::clone(&shared));
    (sender, QueueReceiver::new(id, shared))
}

struct Shared<T, E> {
    state: Mutex<State<T, E>>,
    /// Items in the receiver's hands. It grows under the lock and shrinks without: room that is seen is there.
    taken: AtomicUsize,
    capacity: usize,
    overflow: Overflow,
    meter: Meter,
}

struct State<T, E> {
    items: VecDeque<T>,
    end: Option<Result<(), E>>,
    /// The receiver is gone, or has received the end.
    closed: bool,
    /// The receiver asked the producers to come to their end.
    stopping: bool,
    senders: usize,
    next_sender: u64,
    receiver: Option<Waker>,
    /// Producers that wait for room.
    waiting: Vec<Waker>,
    /// By sender: the task to wake when `stopping` or `closed` change, whatever it waits for.
    watching: BTreeMap<u64, Waker>,
}

impl<T, E> State<T, E> {
    /// Whether an item that came now would be received by nobody.
    fn refuses(&self) -> bool {
        self.closed || self.end.is_some()
    }
}

impl<T, E> Shared<T, E> {
    fn room(&self, state: &State<T, E>) -> usize {
        let held = state.items.len() + self.taken.load(Ordering::Acquire);
        self.capacity.saturating_sub(held)
    }

    fn end(&self, end: Result<(), E>) {
        let (receiver, waiting) = {
            let mut state = lock(&self.state);
            if state.end.is_none() {
                state.end = Some(end);
            }
            (state.receiver.take(), std::mem::take(&mut state.waiting))
        };
        receiver.into_iter().chain(waiting).for_each(Waker::wake);
    }
}

/// Nobody receives any more, or the queue was ended; what was to be sent is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed<T>(pub T);

impl<T> fmt::Display for Closed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody receives from this queue any more")
    }
}

impl<T: fmt::Debug> std::error::Error for Closed<T> {}

/// Why an item was not taken at once; it is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused<T> {
    /// The queue is full and its policy does not drop.
    Full(T),
    /// Nobody receives any more, or the queue was ended.
    Closed(T),
}
