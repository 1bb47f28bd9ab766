//! The bounded queue between two tasks: items cross by the batch, under one short lock and with one wake.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId};

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

/// Creates a queue of at most `capacity` items, described as the stage `id`.
///
/// The bound counts everything between producer and consumer, also the batch that the receiver works on.
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
            taken: 0,
            end: None,
            closed: false,
            stopping: false,
            senders: 1,
            receiver: None,
            waiting: Vec::new(),
            producer: None,
        }),
        capacity,
        overflow,
        meter,
    });
    let sender = QueueSender {
        shared: Arc::clone(&shared),
    };
    let receiver = QueueReceiver {
        id,
        shared: Some(shared),
        batch: VecDeque::new(),
        told_to_stop: false,
    };
    (sender, receiver)
}

struct Shared<T, E> {
    state: Mutex<State<T, E>>,
    capacity: usize,
    overflow: Overflow,
    meter: Meter,
}

struct State<T, E> {
    items: VecDeque<T>,
    /// Items in the receiver's hands that it has not given room back for.
    taken: usize,
    end: Option<Result<(), E>>,
    /// The receiver is gone.
    closed: bool,
    /// The receiver asked the producer to come to its end.
    stopping: bool,
    senders: usize,
    receiver: Option<Waker>,
    /// Producers that wait for room.
    waiting: Vec<Waker>,
    /// The task to wake when `stopping` or `closed` change, whatever it waits for.
    producer: Option<Waker>,
}

impl<T, E> State<T, E> {
    /// Nothing is taken any more: the receiver is gone, or the end was told.
    fn is_closed(&self) -> bool {
        self.closed || self.end.is_some()
    }

    fn room(&self, capacity: usize) -> usize {
        capacity.saturating_sub(self.items.len() + self.taken)
    }
}

/// Nobody receives any more; what was to be sent is given back.
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
    /// Nobody receives any more.
    Closed(T),
}

/// The producers' side of a [`queue`]; clones feed the same queue, which completes when the last one is dropped.
pub struct QueueSender<T, E> {
    shared: Arc<Shared<T, E>>,
}

impl<T, E> QueueSender<T, E> {
    /// Gives the capacity in items.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.capacity
    }

    /// Gives the policy of a full queue.
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        self.shared.overflow
    }

    /// Gives the live numbers of the queue.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.shared.meter
    }

    /// Waits until there is room for a batch; the number of items that fit.
    ///
    /// Only a lone producer may count on the number still being true when it sends.
    pub fn poll_room(&self, task: &mut Context<'_>) -> Poll<Result<usize, Closed<()>>> {
        let mut state = lock(&self.shared.state);
        if state.is_closed() {
            return Poll::Ready(Err(Closed(())));
        }
        match state.room(self.shared.capacity) {
            0 => {
                wait(&mut state.waiting, task.waker());
                Poll::Pending
            }
            room => Poll::Ready(Ok(room)),
        }
    }

    /// Tells how many items fit now.
    #[must_use]
    pub fn room(&self) -> usize {
        lock(&self.shared.state).room(self.shared.capacity)
    }

    /// Moves a batch into the queue, under the policy if there is less room than items.
    ///
    /// [`Overflow::Wait`] and [`Overflow::Fail`] leave in `batch` what did not fit. The receiver is woken once.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the receiver is gone; the batch is left as it is.
    pub fn send_batch(&self, batch: &mut VecDeque<T>) -> Result<(), Closed<()>> {
        if batch.is_empty() {
            return Ok(());
        }
        let meter = &self.shared.meter;
        let mut superfluous = VecDeque::new();
        let receiver = {
            let mut state = lock(&self.shared.state);
            if state.is_closed() {
                return Err(Closed(()));
            }
            let room = state.room(self.shared.capacity);
            let offered = batch.len();
            if offered <= room {
                meter.receive(offered as u64);
                if state.items.is_empty() {
                    std::mem::swap(&mut state.items, batch);
                } else {
                    state.items.append(batch);
                }
            } else {
                match self.shared.overflow {
                    Overflow::Wait | Overflow::Fail => {
                        meter.receive(room as u64);
                        state.items.extend(batch.drain(..room));
                    }
                    Overflow::DropIncoming => {
                        meter.receive(offered as u64);
                        state.items.extend(batch.drain(..room));
                        superfluous.append(batch);
                    }
                    Overflow::DropOldest => {
                        meter.receive(offered as u64);
                        state.items.append(batch);
                        let surplus = state.items.len() + state.taken - self.shared.capacity;
                        let surplus = surplus.min(state.items.len());
                        superfluous.extend(state.items.drain(..surplus));
                    }
                }
            }
            state.receiver.take()
        };
        meter.drop_items(DropReason::Overflow, superfluous.len() as u64);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        // The items that were dropped go here, outside the lock: their `Drop` is foreign code.
        Ok(())
    }

    /// Puts one item into the queue, under its policy.
    ///
    /// # Errors
    ///
    /// Gives the item back if the queue is full and does not drop, or if nobody receives any more.
    pub fn try_send(&self, item: T) -> Result<(), Refused<T>> {
        self.send_one(item, |_| {})
    }

    /// Sends the item in `slot`, or has the task woken when there is room.
    ///
    /// # Errors
    ///
    /// [`Closed`] if nobody receives any more; the item stays in the slot.
    pub fn poll_send(
        &self,
        slot: &mut Option<T>,
        task: &mut Context<'_>,
    ) -> Poll<Result<(), Closed<()>>> {
        let Some(item) = slot.take() else {
            return Poll::Ready(Ok(()));
        };
        match self.send_one(item, |state| wait(&mut state.waiting, task.waker())) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Refused::Full(item)) => {
                *slot = Some(item);
                Poll::Pending
            }
            Err(Refused::Closed(item)) => {
                *slot = Some(item);
                Poll::Ready(Err(Closed(())))
            }
        }
    }

    fn send_one(&self, item: T, if_full: impl FnOnce(&mut State<T, E>)) -> Result<(), Refused<T>> {
        let meter = &self.shared.meter;
        let mut dropped = None;
        let receiver = {
            let mut state = lock(&self.shared.state);
            if state.is_closed() {
                return Err(Refused::Closed(item));
            }
            if state.room(self.shared.capacity) > 0 {
                state.items.push_back(item);
            } else {
                match self.shared.overflow {
                    Overflow::Wait | Overflow::Fail => {
                        if_full(&mut state);
                        return Err(Refused::Full(item));
                    }
                    Overflow::DropIncoming => dropped = Some(item),
                    Overflow::DropOldest => {
                        dropped = state.items.pop_front();
                        state.items.push_back(item);
                    }
                }
            }
            meter.receive(1);
            state.receiver.take()
        };
        if dropped.is_some() {
            meter.drop_items(DropReason::Overflow, 1);
        }
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        Ok(())
    }

    /// Counts items that the producer dropped itself, because it knew of no room.
    pub fn count_overflow(&self, items: u64) {
        self.shared.meter.receive(items);
        self.shared.meter.drop_items(DropReason::Overflow, items);
    }

    /// Ends the queue: what is in it is still received, then the completion or the error. Nothing more is taken.
    pub fn end(&self, end: Result<(), E>) {
        let tasks = {
            let mut state = lock(&self.shared.state);
            if state.end.is_none() {
                state.end = Some(end);
            }
            let mut tasks = std::mem::take(&mut state.waiting);
            tasks.extend(state.receiver.take());
            tasks
        };
        tasks.into_iter().for_each(Waker::wake);
    }

    /// Tells whether nothing is taken any more, because the receiver is gone or the queue was ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.shared.state).is_closed()
    }

    /// Tells whether the receiver asked for a graceful end, and has `task` woken when it does, or when it leaves.
    pub fn stop_requested(&self, task: &mut Context<'_>) -> bool {
        let mut state = lock(&self.shared.state);
        match &mut state.producer {
            Some(known) => known.clone_from(task.waker()),
            none => *none = Some(task.waker().clone()),
        }
        state.stopping
    }
}

fn wait(waiting: &mut Vec<Waker>, waker: &Waker) {
    if !waiting.iter().any(|known| known.will_wake(waker)) {
        waiting.push(waker.clone());
    }
}

impl<T, E> Clone for QueueSender<T, E> {
    fn clone(&self) -> Self {
        lock(&self.shared.state).senders += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T, E> Drop for QueueSender<T, E> {
    fn drop(&mut self) {
        let receiver = {
            let mut state = lock(&self.shared.state);
            state.senders -= 1;
            if state.senders > 0 {
                return;
            }
            if state.end.is_none() {
                state.end = Some(Ok(()));
            }
            state.receiver.take()
        };
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }
}

impl<T, E> fmt::Debug for QueueSender<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueSender")
            .field("capacity", &self.shared.capacity)
            .field("overflow", &self.shared.overflow)
            .finish_non_exhaustive()
    }
}

/// The consumer's side of a [`queue`], an observable.
///
/// Takes all that is there under one lock and works on it without one. Dropping it closes the queue; what was in it is
/// counted as cancelled. When it is polled with the stop flag it asks the producers to come to their end.
pub struct QueueReceiver<T, E> {
    id: StageId,
    shared: Option<Arc<Shared<T, E>>>,
    batch: VecDeque<T>,
    told_to_stop: bool,
}

enum Refill<E> {
    Batch,
    End(Result<(), E>),
    Empty,
}

impl<T, E> QueueReceiver<T, E> {
    /// Asks the producers to come to a graceful end.
    pub fn request_stop(&mut self) {
        if std::mem::replace(&mut self.told_to_stop, true) {
            return;
        }
        if let Some(shared) = &self.shared {
            let producer = {
                let mut state = lock(&shared.state);
                state.stopping = true;
                state.producer.take()
            };
            if let Some(producer) = producer {
                producer.wake();
            }
        }
    }

    /// Gives the live numbers of the queue, until its end.
    #[must_use]
    pub fn meter(&self) -> Option<&Meter> {
        self.shared.as_ref().map(|shared| &shared.meter)
    }

    /// Gives back the room of what was worked on, and takes what has come since.
    fn refill(&mut self, waker: &Waker) -> Refill<E> {
        let Some(shared) = &self.shared else {
            return Refill::End(Ok(()));
        };
        let mut state = lock(&shared.state);
        // The oldest can only be dropped while it is in the queue, so there it is taken one by one.
        if shared.overflow == Overflow::DropOldest {
            self.batch.extend(state.items.pop_front());
        } else {
            std::mem::swap(&mut state.items, &mut self.batch);
        }
        state.taken = self.batch.len();
        let waiting = std::mem::take(&mut state.waiting);
        let refill = if !self.batch.is_empty() {
            Refill::Batch
        } else if let Some(end) = state.end.take() {
            Refill::End(end)
        } else {
            match &mut state.receiver {
                Some(known) => known.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
            Refill::Empty
        };
        drop(state);
        for producer in waiting {
            producer.wake();
        }
        refill
    }

    /// Gives back room early, so that the producer works while a slow consumer takes item by item.
    fn return_room(&mut self) {
        let Some(shared) = &self.shared else { return };
        let mut state = lock(&shared.state);
        if self.batch.len() * 2 <= state.taken && !self.batch.is_empty() {
            state.taken = self.batch.len();
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            for producer in waiting {
                producer.wake();
            }
        }
    }

    fn close(&mut self) {
        let Some(shared) = self.shared.take() else {
            return;
        };
        let (items, waiting, producer) = {
            let mut state = lock(&shared.state);
            state.closed = true;
            (
                std::mem::take(&mut state.items),
                std::mem::take(&mut state.waiting),
                state.producer.take(),
            )
        };
        let left = (items.len() + self.batch.len()) as u64;
        shared.meter.drop_items(DropReason::Cancelled, left);
        self.batch.clear();
        for task in waiting.into_iter().chain(producer) {
            task.wake();
        }
    }
}

impl<T, E> Observable for QueueReceiver<T, E> {
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
        if !this.batch.is_empty() {
            this.return_room();
        }
        loop {
            let before = this.batch.len();
            let mut outcome = None;
            while !this.batch.is_empty() {
                if !cx.spend() {
                    outcome = Some(Drained::Exhausted);
                    break;
                }
                if let Some(item) = this.batch.pop_front()
                    && emit(item).is_break()
                {
                    outcome = Some(Drained::Stopped);
                    break;
                }
            }
            if let Some(shared) = &this.shared {
                shared.meter.emit((before - this.batch.len()) as u64);
            }
            if let Some(outcome) = outcome {
                return Poll::Ready(Ok(outcome));
            }
            match this.refill(cx.waker()) {
                Refill::Batch => {}
                Refill::Empty => return Poll::Pending,
                Refill::End(end) => {
                    this.close();
                    return Poll::Ready(end.map(|()| Drained::Completed));
                }
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        let stage = plan.stage(self.id);
        if let Some(shared) = &self.shared {
            stage
                .holds(Holds::Items(shared.capacity))
                .meter(&shared.meter);
        }
    }
}

impl<T, E> Drop for QueueReceiver<T, E> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T, E> fmt::Debug for QueueReceiver<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueReceiver")
            .field("id", &self.id)
            .field("batch", &self.batch.len())
            .field("ended", &self.shared.is_none())
            .finish_non_exhaustive()
    }
}

impl<T, E> Unpin for QueueReceiver<T, E> {}
