//! One group: the items of a key.

use std::{collections::VecDeque, fmt, ops::ControlFlow, pin::Pin, sync::Arc, task::Poll};

use thalweg_core::{Cx, Drained, Fault, Observable, Plan};

use crate::Flow;

use super::shared::{Found, Place, Shared};

/// The items of one key, out of [`Flow::group_by`]: an observable.
///
/// Completes with the source, or when it is evicted. Dropping it closes the key until its next item.
#[must_use = "flows do nothing unless run"]
pub struct Group<K, T, E> {
    shared: Arc<Shared<K, T, E>>,
    place: Place,
    /// What was taken at once, but for the first: a group of one item now and then has no buffer.
    batch: VecDeque<T>,
    /// Items of the batch that were handed on, and whose room was not given back yet.
    handed_on: usize,
    told_to_stop: bool,
    ended: bool,
    key: K,
}

impl<K, T, E> Group<K, T, E> {
    pub(super) fn new(shared: Arc<Shared<K, T, E>>, place: Place, key: K) -> Self {
        Self {
            shared,
            place,
            batch: VecDeque::new(),
            handed_on: 0,
            told_to_stop: false,
            ended: false,
            key,
        }
    }

    fn leave(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            self.shared.group_left(self.place, self.batch.len());
            self.batch = VecDeque::new();
        }
    }

    /// Gives back room by the half, so that the task works while a slow consumer does, but not a lock for every item.
    fn give_back(&mut self) {
        if self.handed_on > 0 && self.handed_on >= self.batch.len() {
            let handed_on = std::mem::take(&mut self.handed_on);
            self.shared.give_back(self.place, handed_on);
        }
    }

    /// Hands on the batch until it is used up, `emit` breaks or the budget is spent.
    fn work(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: &mut impl FnMut(T) -> ControlFlow<()>,
    ) -> Option<Drained> {
        let work = Work {
            before: self.batch.len(),
            group: self,
        };
        while !work.group.batch.is_empty() {
            if !cx.spend() {
                return Some(Drained::Exhausted);
            }
            if let Some(item) = work.group.batch.pop_front()
                && emit(item).is_break()
            {
                return Some(Drained::Stopped);
            }
        }
        None
    }
}

/// The batch in work. What was handed on is counted when it is dropped, also when `emit` panics.
struct Work<'g, K, T, E> {
    group: &'g mut Group<K, T, E>,
    before: usize,
}

impl<K, T, E> Drop for Work<'_, K, T, E> {
    fn drop(&mut self) {
        let group = &mut *self.group;
        let handed_on = self.before - group.batch.len();
        group.shared.meter.emit(handed_on as u64);
        group.handed_on += handed_on;
    }
}

impl<K: Clone, T, E> Flow<Group<K, T, E>> {
    /// Gives the key that all items of the group have in common.
    pub fn key(&self) -> &K {
        &self.inner().key
    }

    /// Gives the key for which all groups wait, as [`stalled`](Flow::stalled) of the flow of groups does.
    pub fn stalled_key(&self) -> Option<K> {
        self.inner().shared.stalled()
    }
}

// Nothing in it is ever pinned.
impl<K, T, E> Unpin for Group<K, T, E> {}

impl<K, T, E> Observable for Group<K, T, E> {
    type Item = T;
    type Error = Fault<E>;

    #[inline]
    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(Ok(Drained::Completed));
        }
        if cx.stopping() && !std::mem::replace(&mut this.told_to_stop, true) {
            this.shared.request_stop();
        }
        loop {
            let mut waits = false;
            let mut first = None;
            if this.batch.is_empty() {
                let handed_on = std::mem::take(&mut this.handed_on);
                let budget = cx.budget();
                match this
                    .shared
                    .take(this.place, handed_on, &mut this.batch, budget, cx.waker())
                {
                    Found::Item(item, is_last) => {
                        waits = is_last;
                        first = Some(item);
                    }
                    Found::Unwanted => return Poll::Ready(Ok(Drained::Exhausted)),
                    Found::Nothing => return Poll::Pending,
                    Found::End(end) => {
                        this.leave();
                        return Poll::Ready(end.map(|()| Drained::Completed));
                    }
                }
            }
            if let Some(item) = first {
                cx.spend_many(1);
                this.shared.meter.emit(1);
                if emit(item).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            if waits {
                return Poll::Pending;
            }
            if let Some(outcome) = this.work(cx, &mut emit) {
                this.give_back();
                return Poll::Ready(Ok(outcome));
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.leaf("group");
    }
}

impl<K, T, E> Drop for Group<K, T, E> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<K: fmt::Debug, T, E> fmt::Debug for Group<K, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("key", &self.key)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
