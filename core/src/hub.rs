//! One producer side, many subscribers: every item reaches each of them, and each chooses what happens when it is slow.
//!
//! Items lie in batches that all subscribers read in place; a delivery costs one `clone` and no lock. `share` and
//! [`Subject`](crate::Subject) are built on it.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use crate::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId, queue::lock};

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
    /// Only the newest item arrives.
    Latest,
}

/// Creates a hub that lets the slowest lossless subscriber fall behind by at most `capacity` items.
///
/// # Panics
///
/// Panics if `capacity` is 0.
#[must_use]
#[track_caller]
pub fn hub<T, E>(id: StageId, capacity: usize, meter: Meter) -> (HubSender<T, E>, Hub<T, E>) {
    assert!(capacity > 0, "a hub of 0 items lets nothing through");
    let shared = Arc::new(Shared {
        id,
        capacity,
        meter,
        state: Mutex::new(State {
            segments: VecDeque::new(),
            head: 0,
            subscribers: Vec::new(),
            end: None,
            waiting: Vec::new(),
            producer: None,
        }),
    });
    let sender = HubSender {
        shared: Arc::clone(&shared),
        woken: Vec::new(),
    };
    (sender, Hub { shared })
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
    subscribers: Vec<Option<Place>>,
    end: Option<Result<(), E>>,
    /// Producers that wait for room.
    waiting: Vec<Waker>,
    /// The task to wake when the last subscriber leaves or all of them are stopping.
    producer: Option<Waker>,
}

struct Segment<T> {
    start: u64,
    items: Arc<Vec<T>>,
}

/// Where a subscriber stands.
struct Place {
    next: u64,
    delivery: Delivery,
    waker: Option<Waker>,
    stopping: bool,
}

impl Place {
    /// The first item that must still be kept for this subscriber.
    fn needs(&self, head: u64) -> u64 {
        match self.delivery {
            Delivery::Lossless => self.next,
            Delivery::Lag(items) => self.next.max(head.saturating_sub(items as u64)),
            Delivery::Latest => self.next.max(head.saturating_sub(1)),
        }
    }
}

impl<T, E> State<T, E> {
    fn places(&self) -> impl Iterator<Item = &Place> {
        self.subscribers.iter().flatten()
    }

    fn room(&self, capacity: usize) -> usize {
        let slowest = self
            .places()
            .filter(|place| place.delivery == Delivery::Lossless)
            .map(|place| place.next)
            .min()
            .unwrap_or(self.head);
        let behind = usize::try_from(self.head - slowest).unwrap_or(usize::MAX);
        capacity.saturating_sub(behind)
    }

    /// Takes out the segments that nobody needs any more.
    fn trim(&mut self) -> Vec<Segment<T>> {
        let head = self.head;
        let needed = self
            .places()
            .map(|place| place.needs(head))
            .min()
            .unwrap_or(head);
        let done = self
            .segments
            .iter()
            .take_while(|segment| segment.start + segment.items.len() as u64 <= needed)
            .count();
        self.segments.drain(..done).collect()
    }
}

/// The side of a [`hub`] that hands out subscriptions.
pub struct Hub<T, E> {
    shared: Arc<Shared<T, E>>,
}

impl<T, E> Hub<T, E> {
    /// Adds a subscriber that gets every item sent from now on, at the pace of `delivery`.
    #[must_use]
    pub fn subscribe(&self, delivery: Delivery) -> Subscriber<T, E> {
        let mut state = lock(&self.shared.state);
        let place = Place {
            next: state.head,
            delivery,
            waker: None,
            stopping: false,
        };
        let next = state.head;
        let free = state.subscribers.iter().position(Option::is_none);
        let key = free.unwrap_or(state.subscribers.len());
        if free.is_none() {
            state.subscribers.push(None);
        }
        state.subscribers[key] = Some(place);
        drop(state);
        Subscriber {
            shared: Some(Arc::clone(&self.shared)),
            key,
            next,
            missed: 0,
            current: None,
        }
    }

    /// Counts the subscribers.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        lock(&self.shared.state).places().count()
    }

    /// Tells whether the hub has completed or failed.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        lock(&self.shared.state).end.is_some()
    }

    /// Gives the live numbers of the hub.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.shared.meter
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

/// The producer's side of a [`hub`].
pub struct HubSender<T, E> {
    shared: Arc<Shared<T, E>>,
    /// Kept so that a batch costs no allocation for the wakers.
    woken: Vec<Waker>,
}

impl<T, E> HubSender<T, E> {
    /// Waits until the slowest lossless subscriber leaves room; the number of items that may be sent.
    pub fn poll_room(&self, task: &mut Context<'_>) -> Poll<usize> {
        let mut state = lock(&self.shared.state);
        match state.room(self.shared.capacity) {
            0 => {
                if !state.waiting.iter().any(|w| w.will_wake(task.waker())) {
                    state.waiting.push(task.waker().clone());
                }
                Poll::Pending
            }
            room => Poll::Ready(room),
        }
    }

    /// Hands a batch to every subscriber; with none the items are dropped and counted as cancelled.
    pub fn send_batch(&mut self, batch: Vec<T>) {
        if !batch.is_empty() {
            publish(&self.shared, &mut self.woken, Batch::Many(batch));
        }
    }

    /// Ends the hub: every subscriber gets what is left, then the completion or the error.
    pub fn end(&mut self, end: Result<(), E>) {
        finish(&self.shared, &mut self.woken, end);
    }

    /// Tells how many subscribers there are and whether all of them are stopping, and has `task` woken on a change.
    pub fn watch(&self, task: &mut Context<'_>) -> Audience {
        let mut state = lock(&self.shared.state);
        match &mut state.producer {
            Some(known) => known.clone_from(task.waker()),
            none => *none = Some(task.waker().clone()),
        }
        Audience {
            subscribers: state.places().count(),
            stopping: state.places().all(|place| place.stopping),
        }
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
    /// Whether every one of them asked for a graceful end.
    pub stopping: bool,
}

enum Batch<T> {
    One(T),
    Many(Vec<T>),
}

fn publish<T, E>(shared: &Shared<T, E>, woken: &mut Vec<Waker>, batch: Batch<T>) {
    let items = match &batch {
        Batch::One(_) => 1,
        Batch::Many(items) => items.len() as u64,
    };
    shared.meter.receive(items);
    // What nobody needs any more goes at the end of this function, outside the lock: `Drop` is foreign code.
    let _done = {
        let mut state = lock(&shared.state);
        if state.end.is_some() || state.places().next().is_none() {
            drop(state);
            shared.meter.drop_items(DropReason::Cancelled, items);
            return;
        }
        let done = state.trim();
        let start = state.head;
        state.head += items;
        match batch {
            Batch::Many(items) => state.segments.push_back(Segment {
                start,
                items: Arc::new(items),
            }),
            Batch::One(item) => {
                let open = state
                    .segments
                    .back_mut()
                    .and_then(|segment| Arc::get_mut(&mut segment.items))
                    .filter(|items| items.len() < SEGMENT);
                match open {
                    Some(items) => items.push(item),
                    None => state.segments.push_back(Segment {
                        start,
                        items: Arc::new(vec![item]),
                    }),
                }
            }
        }
        woken.extend(
            state
                .subscribers
                .iter_mut()
                .flatten()
                .filter_map(|place| place.waker.take()),
        );
        done
    };
    shared.meter.emit(items);
    woken.drain(..).for_each(Waker::wake);
}

fn finish<T, E>(shared: &Shared<T, E>, woken: &mut Vec<Waker>, end: Result<(), E>) {
    {
        let mut state = lock(&shared.state);
        if state.end.is_some() {
            return;
        }
        state.end = Some(end);
        woken.extend(
            state
                .subscribers
                .iter_mut()
                .flatten()
                .filter_map(|place| place.waker.take()),
        );
    }
    woken.drain(..).for_each(Waker::wake);
}

impl<T, E> Hub<T, E> {
    /// Waits for room among the lossless subscribers, then hands them the item in `slot`.
    pub(crate) fn poll_send(&self, slot: &mut Option<T>, task: &mut Context<'_>) -> Poll<()> {
        {
            let mut state = lock(&self.shared.state);
            if state.end.is_none() && state.room(self.shared.capacity) == 0 {
                if !state.waiting.iter().any(|w| w.will_wake(task.waker())) {
                    state.waiting.push(task.waker().clone());
                }
                return Poll::Pending;
            }
        }
        if let Some(item) = slot.take() {
            publish(&self.shared, &mut Vec::new(), Batch::One(item));
        }
        Poll::Ready(())
    }

    /// Ends the hub for all subscribers.
    pub(crate) fn end(&self, end: Result<(), E>) {
        finish(&self.shared, &mut Vec::new(), end);
    }
}

/// A subscription to a [`hub`]: an observable of the items sent since it was made.
///
/// Ends with the hub. Dropping it unsubscribes. With [`Delivery::Lag`], [`missed`](Self::take_missed) tells how many
/// items it lost since it was last asked.
pub struct Subscriber<T, E> {
    shared: Option<Arc<Shared<T, E>>>,
    key: usize,
    next: u64,
    missed: u64,
    current: Option<Reading<T>>,
}

struct Reading<T> {
    items: Arc<Vec<T>>,
    at: usize,
    /// The segment may have grown since; this is its end as it was when it was taken.
    end: usize,
}

enum Refill<E> {
    Items,
    Empty,
    End(Result<(), E>),
}

impl<T, E: Clone> Subscriber<T, E> {
    /// Gives the number of items that were lost by falling behind since it was last asked, and starts anew.
    pub fn take_missed(&mut self) -> u64 {
        std::mem::take(&mut self.missed)
    }

    /// Tells the producer side that this subscriber wants to come to a graceful end.
    fn request_stop(&self) {
        let Some(shared) = &self.shared else { return };
        let producer = {
            let mut state = lock(&shared.state);
            if let Some(place) = &mut state.subscribers[self.key] {
                place.stopping = true;
            }
            if state.places().all(|place| place.stopping) {
                state.producer.take()
            } else {
                None
            }
        };
        if let Some(producer) = producer {
            producer.wake();
        }
    }

    fn refill(&mut self, waker: &Waker) -> Refill<E> {
        self.current = None;
        let Some(shared) = &self.shared else {
            return Refill::End(Ok(()));
        };
        let mut state = lock(&shared.state);
        let head = state.head;
        let oldest = state.segments.front().map_or(head, |segment| segment.start);
        let Some(place) = &mut state.subscribers[self.key] else {
            return Refill::End(Ok(()));
        };
        place.next = self.next;
        let next = place.needs(head).max(oldest);
        self.missed += next - self.next;
        shared
            .meter
            .drop_items(DropReason::Overflow, next - self.next);
        self.next = next;
        place.next = next;
        let refill = if next < head {
            let index = state
                .segments
                .partition_point(|segment| segment.start + segment.items.len() as u64 <= next);
            let segment = &state.segments[index];
            let at = usize::try_from(next - segment.start).unwrap_or(usize::MAX);
            self.current = Some(Reading {
                end: segment.items.len(),
                items: Arc::clone(&segment.items),
                at,
            });
            Refill::Items
        } else if let Some(end) = state.end.clone() {
            Refill::End(end)
        } else {
            if let Some(place) = &mut state.subscribers[self.key] {
                match &mut place.waker {
                    Some(known) => known.clone_from(waker),
                    none => *none = Some(waker.clone()),
                }
            }
            Refill::Empty
        };
        let waiting = if state.waiting.is_empty() || state.room(shared.capacity) == 0 {
            Vec::new()
        } else {
            std::mem::take(&mut state.waiting)
        };
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        refill
    }
}

impl<T, E> Subscriber<T, E> {
    pub(crate) fn leave(&mut self) {
        self.current = None;
        let Some(shared) = self.shared.take() else {
            return;
        };
        let (tasks, _done) = {
            let mut state = lock(&shared.state);
            state.subscribers[self.key] = None;
            let done = state.trim();
            let mut tasks = std::mem::take(&mut state.waiting);
            // The producer looks whether the last one left, or the last that was not stopping.
            tasks.extend(state.producer.take());
            (tasks, done)
        };
        tasks.into_iter().for_each(Waker::wake);
    }
}

impl<T: Clone, E: Clone> Observable for Subscriber<T, E> {
    type Item = T;
    type Error = E;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, E>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.request_stop();
        }
        loop {
            if let Some(reading) = &mut this.current {
                while reading.at < reading.end {
                    if !cx.spend() {
                        return Poll::Ready(Ok(Drained::Exhausted));
                    }
                    let item = reading.items[reading.at].clone();
                    reading.at += 1;
                    this.next += 1;
                    if emit(item).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
            }
            match this.refill(cx.waker()) {
                Refill::Items => {}
                Refill::Empty => return Poll::Pending,
                Refill::End(end) => {
                    this.leave();
                    return Poll::Ready(end.map(|()| Drained::Completed));
                }
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        if let Some(shared) = &self.shared {
            plan.stage(shared.id)
                .holds(Holds::Items(shared.capacity))
                .meter(&shared.meter);
        }
    }
}

impl<T, E> Drop for Subscriber<T, E> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<T, E> Unpin for Subscriber<T, E> {}

impl<T, E> fmt::Debug for Subscriber<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("next", &self.next)
            .field("ended", &self.shared.is_none())
            .finish_non_exhaustive()
    }
}
