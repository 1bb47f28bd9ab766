//! The consumer's side of a queue.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Poll, Waker},
};

use crate::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId, sync::AtomicUsize};

use super::{Overflow, Shared, lock, register};

/// The consumer's side of a [`queue`](super::queue), an observable.
///
/// Takes all that is there under one lock and works on it without one. Dropping it closes the queue; what was in it is
/// counted as cancelled. When it is polled with the stop flag it asks the producers to come to their end.
pub struct QueueReceiver<T, E> {
    id: StageId,
    shared: Option<Arc<Shared<T, E>>>,
    batch: VecDeque<T>,
    /// How long the batch was when producers were last told of room.
    announced: usize,
    told_to_stop: bool,
}

enum Refill<E> {
    Batch,
    Exhausted,
    Empty,
    End(Result<(), E>),
}

impl<T, E> QueueReceiver<T, E> {
    pub(super) fn new(id: StageId, shared: Arc<Shared<T, E>>) -> Self {
        Self {
            id,
            shared: Some(shared),
            batch: VecDeque::new(),
            announced: 0,
            told_to_stop: false,
        }
    }

    /// Asks the producers to come to a graceful end.
    pub fn request_stop(&mut self) {
        if std::mem::replace(&mut self.told_to_stop, true) {
            return;
        }
        if let Some(shared) = &self.shared {
            let watching = {
                let mut state = lock(&shared.state);
                state.stopping = true;
                std::mem::take(&mut state.watching)
            };
            watching.into_values().for_each(Waker::wake);
        }
    }

    /// Gives the live numbers of the queue, until its end.
    #[must_use]
    pub fn meter(&self) -> Option<&Meter> {
        self.shared.as_ref().map(|shared| &shared.meter)
    }

    /// Takes what has come since; nothing if there is no budget to hand it on.
    fn refill(&mut self, cx: &Cx<'_, '_>) -> Refill<E> {
        let Some(shared) = &self.shared else {
            return Refill::End(Ok(()));
        };
        let mut replaced = None;
        let mut state = lock(&shared.state);
        let refill = if !state.items.is_empty() {
            if cx.budget() == 0 {
                Refill::Exhausted
            } else {
                if shared.overflow == Overflow::DropOldest {
                    self.batch.extend(state.items.pop_front());
                } else {
                    std::mem::swap(&mut state.items, &mut self.batch);
                }
                shared.taken.store(self.batch.len(), Ordering::Release);
                Refill::Batch
            }
        } else if let Some(end) = state.end.take() {
            state.closed = true;
            Refill::End(end)
        } else {
            replaced = register(&mut state.receiver, cx.waker());
            Refill::Empty
        };
        self.announced = self.batch.len();
        let waiting = if shared.room(&state) > 0 {
            std::mem::take(&mut state.waiting)
        } else {
            Vec::new()
        };
        drop(state);
        drop(replaced);
        waiting.into_iter().for_each(Waker::wake);
        refill
    }

    /// Tells producers of room when half of what they know of is used, so that they work while a slow consumer does.
    fn announce_room(&mut self) {
        let Some(shared) = &self.shared else { return };
        if self.announced == 0 || self.batch.len() * 2 > self.announced {
            return;
        }
        self.announced = self.batch.len();
        let waiting = std::mem::take(&mut lock(&shared.state).waiting);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn close(&mut self) {
        let Some(shared) = self.shared.take() else {
            return;
        };
        let (items, waiting, watching, _receiver) = {
            let mut state = lock(&shared.state);
            state.closed = true;
            (
                std::mem::take(&mut state.items),
                std::mem::take(&mut state.waiting),
                std::mem::take(&mut state.watching),
                state.receiver.take(),
            )
        };
        let left = (items.len() + self.batch.len()) as u64;
        shared.meter.drop_items(DropReason::Cancelled, left);
        let tasks = waiting.into_iter().chain(watching.into_values());
        tasks.for_each(Waker::wake);
        self.batch.clear();
    }
}

/// The batch in work. What was handed on is counted when it is dropped, also when `emit` panics.
struct Work<'r, T> {
    batch: &'r mut VecDeque<T>,
    taken: &'r AtomicUsize,
    meter: &'r Meter,
    before: usize,
}

impl<T> Work<'_, T> {
    fn next(&mut self) -> Option<T> {
        let item = self.batch.pop_front()?;
        self.taken.store(self.batch.len(), Ordering::Release);
        Some(item)
    }
}

impl<T> Drop for Work<'_, T> {
    fn drop(&mut self) {
        self.meter.emit((self.before - self.batch.len()) as u64);
    }
}

impl<T, E> QueueReceiver<T, E> {
    /// Hands on the batch until it is used up, `emit` breaks or the budget is spent.
    fn work(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: &mut impl FnMut(T) -> ControlFlow<()>,
    ) -> Option<Drained> {
        let shared = self.shared.as_ref()?;
        let mut work = Work {
            before: self.batch.len(),
            batch: &mut self.batch,
            taken: &shared.taken,
            meter: &shared.meter,
        };
        while !work.batch.is_empty() {
            if !cx.spend() {
                return Some(Drained::Exhausted);
            }
            if let Some(item) = work.next()
                && emit(item).is_break()
            {
                return Some(Drained::Stopped);
            }
        }
        None
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
        loop {
            if !this.batch.is_empty()
                && let Some(outcome) = this.work(cx, &mut emit)
            {
                this.announce_room();
                return Poll::Ready(Ok(outcome));
            }
            match this.refill(cx) {
                Refill::Batch => {}
                Refill::Exhausted => return Poll::Ready(Ok(Drained::Exhausted)),
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
