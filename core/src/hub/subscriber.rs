//! The consumers' side of a hub.

use std::{fmt, ops::ControlFlow, pin::Pin, sync::Arc, task::Poll, task::Waker};

use crate::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, queue::lock};

use super::{Delivery, Shared, lagging::Lagging};

/// A subscription to a [`hub`](super::hub): an observable of the items sent since it was made.
///
/// Ends with the hub. Dropping it unsubscribes; what it had not received is counted as cancelled. What a subscriber with
/// [`Delivery::Lag`] loses is told by [`take_missed`](Self::take_missed), or between the items by [`Lagging`].
pub struct Subscriber<T, E> {
    shared: Option<Arc<Shared<T, E>>>,
    key: usize,
    delivery: Delivery,
    /// The sequence number of the next item to hand on.
    next: u64,
    /// The `next` that the hub knows of.
    noted: u64,
    /// Where to complete, if before the end of the hub.
    limit: u64,
    missed: u64,
    current: Option<Reading<T>>,
    told_to_stop: bool,
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

/// What there is for a subscriber: an item, or the news that it lost some.
pub(super) enum News<T> {
    Item(T),
    Missed(u64),
}

impl<T, E> Subscriber<T, E> {
    pub(super) fn new(
        shared: Arc<Shared<T, E>>,
        key: usize,
        next: u64,
        delivery: Delivery,
    ) -> Self {
        Self {
            shared: Some(shared),
            key,
            delivery,
            next,
            noted: next,
            limit: u64::MAX,
            missed: 0,
            current: None,
            told_to_stop: false,
        }
    }

    /// Gives the number of items that were lost by falling behind since it was last asked, and starts anew.
    pub fn take_missed(&mut self) -> u64 {
        std::mem::take(&mut self.missed)
    }

    /// Tells the items that it loses between those that arrive.
    pub fn lagging(self) -> Lagging<T, E> {
        Lagging::new(self)
    }

    /// Completes after the items that were sent until now. The first call counts.
    pub fn complete_here(&mut self) {
        if let Some(shared) = &self.shared {
            self.limit = self.limit.min(lock(&shared.state).head);
        }
    }

    /// Tells whether there are others, and one of them has not asked for a graceful end.
    pub fn others_go_on(&self) -> bool {
        self.shared
            .as_ref()
            .is_some_and(|shared| !lock(&shared.state).places.all_stopping())
    }

    /// Tells the producer side that this subscriber wants to come to a graceful end.
    pub fn request_stop(&mut self) {
        if std::mem::replace(&mut self.told_to_stop, true) {
            return;
        }
        let Some(shared) = &self.shared else { return };
        let producer = {
            let mut state = lock(&shared.state);
            state.places.stop(self.key);
            if state.places.all_stopping() {
                state.producer.take()
            } else {
                None
            }
        };
        if let Some(producer) = producer {
            producer.wake();
        }
    }

    /// Notes how far it has come when half of what it knew of is used, so that a producer works while it does.
    fn note_progress(&mut self) {
        let Some(shared) = &self.shared else { return };
        let left = self
            .current
            .as_ref()
            .map_or(0, |reading| reading.end - reading.at);
        let used = self.next - self.noted;
        if used == 0 || used < left as u64 {
            return;
        }
        if left == 0 {
            self.current = None;
        }
        let (admitted, _done) = {
            let mut state = lock(&shared.state);
            state.places.advance(self.key, self.next);
            (state.admitted(shared.capacity), state.trim())
        };
        self.noted = self.next;
        admitted.into_iter().for_each(Waker::wake);
    }

    /// Unsubscribes.
    pub(crate) fn leave(&mut self) {
        self.current = None;
        let Some(shared) = self.shared.take() else {
            return;
        };
        let (tasks, _done, _waker) = {
            let mut state = lock(&shared.state);
            let left = state.head - self.next;
            shared.meter.drop_items(DropReason::Cancelled, left);
            let waker = state.places.remove(self.key);
            let mut tasks = std::mem::take(&mut state.waiting);
            // The producer looks whether the last one left, or the last that was not stopping.
            tasks.extend(state.producer.take());
            (tasks, state.trim(), waker)
        };
        tasks.into_iter().for_each(Waker::wake);
    }
}

impl<T, E: Clone> Subscriber<T, E> {
    /// Takes the next batch, or has the task woken when there is one.
    fn refill(&mut self, waker: &Waker) -> Refill<E> {
        self.current = None;
        let Some(shared) = &self.shared else {
            return Refill::End(Ok(()));
        };
        let mut replaced = None;
        let mut end = None;
        let mut state = lock(&shared.state);
        let head = state.head;
        let slack = self.delivery.slack().unwrap_or(u64::MAX);
        let next = self.next.max(head.saturating_sub(slack)).min(self.limit);
        let missed = next - self.next;
        if self.delivery != Delivery::Latest {
            self.missed += missed;
        }
        shared.meter.drop_items(DropReason::Overflow, missed);
        self.next = next;
        self.noted = next;
        state.places.advance(self.key, next);
        let refill = if next < head.min(self.limit) {
            let index = state
                .segments
                .partition_point(|segment| segment.end() <= next);
            let segment = &state.segments[index];
            let until = segment.end().min(self.limit);
            let index_of = |at: u64| usize::try_from(at - segment.start).unwrap_or(usize::MAX);
            self.current = Some(Reading {
                items: Arc::clone(&segment.items),
                at: index_of(next),
                end: index_of(until),
            });
            Refill::Items
        } else if next == head && state.end.is_some() {
            end.clone_from(&state.end);
            Refill::Empty
        } else if next == self.limit {
            Refill::End(Ok(()))
        } else {
            replaced = state.places.wait(self.key, waker);
            Refill::Empty
        };
        let admitted = state.admitted(shared.capacity);
        let done = state.trim();
        drop(state);
        drop((replaced, done));
        admitted.into_iter().for_each(Waker::wake);
        match end {
            Some(end) => Refill::End((*end).clone()),
            None => refill,
        }
    }
}

/// The batch in work. What was handed on is counted when it is dropped, also when `emit` panics.
struct Work<'s, T> {
    reading: &'s mut Reading<T>,
    next: &'s mut u64,
    meter: &'s Meter,
    before: usize,
}

impl<T> Drop for Work<'_, T> {
    fn drop(&mut self) {
        let handed_on = (self.reading.at - self.before) as u64;
        *self.next += handed_on;
        self.meter.emit(handed_on);
    }
}

impl<T: Clone, E: Clone> Subscriber<T, E> {
    /// Hands on the batch until it is used up, `emit` breaks or the budget is spent.
    fn work(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: &mut impl FnMut(News<T>) -> ControlFlow<()>,
    ) -> Option<Drained> {
        let (shared, reading) = (self.shared.as_ref()?, self.current.as_mut()?);
        let work = Work {
            before: reading.at,
            reading,
            next: &mut self.next,
            meter: &shared.meter,
        };
        while work.reading.at < work.reading.end {
            if !cx.spend() {
                return Some(Drained::Exhausted);
            }
            let item = work.reading.items[work.reading.at].clone();
            work.reading.at += 1;
            if emit(News::Item(item)).is_break() {
                return Some(Drained::Stopped);
            }
        }
        None
    }

    /// Hands on what there is; what it lost is news only if it `tells`.
    pub(super) fn drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        tells: bool,
        mut emit: impl FnMut(News<T>) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, E>> {
        if cx.stopping() {
            self.request_stop();
        }
        if self.delivery != Delivery::Lossless {
            // Taken anew, so that what it is too late for is not handed on.
            self.current = None;
        }
        loop {
            if let Some(outcome) = self.work(cx, &mut emit) {
                self.note_progress();
                return Poll::Ready(Ok(outcome));
            }
            let refill = self.refill(cx.waker());
            if tells && self.missed > 0 {
                if !cx.spend() {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                if emit(News::Missed(self.take_missed())).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            match refill {
                Refill::Items => {}
                Refill::Empty => return Poll::Pending,
                Refill::End(end) => {
                    self.leave();
                    return Poll::Ready(end.map(|()| Drained::Completed));
                }
            }
        }
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
        self.drain(cx, false, |news| match news {
            News::Item(item) => emit(item),
            News::Missed(_) => ControlFlow::Continue(()),
        })
    }

    fn describe(&self, plan: &mut Plan) {
        if let Some(shared) = &self.shared {
            let history = lock(&shared.state).history_items();
            let slack = match self.delivery {
                Delivery::Lossless => shared.capacity,
                Delivery::Lag(items) => items,
                Delivery::Latest => 1,
            };
            let holds = slack
                .checked_add(history)
                .map_or(Holds::Unbounded, Holds::Items);
            plan.stage(shared.id).holds(holds).meter(&shared.meter);
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
            .field("delivery", &self.delivery)
            .field("ended", &self.shared.is_none())
            .finish_non_exhaustive()
    }
}
