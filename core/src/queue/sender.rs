//! The producers' side of a queue.

use std::{
    collections::VecDeque,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{DropReason, Meter};

use super::{Closed, Overflow, Refused, Shared, State, lock, wait};

/// Items that a queue makes room for with its first one, so that a burst does not grow it step by step.
const FIRST_ITEMS: usize = 16;

/// The producers' side of a [`queue`](super::queue); clones feed the same queue, which completes when the last one is dropped.
pub struct QueueSender<T, E> {
    shared: Arc<Shared<T, E>>,
    key: u64,
}

impl<T, E> QueueSender<T, E> {
    pub(super) fn new(shared: Arc<Shared<T, E>>) -> Self {
        Self { shared, key: 0 }
    }

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
        if state.refuses() {
            return Poll::Ready(Err(Closed(())));
        }
        match self.shared.room(&state) {
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
        self.shared.room(&lock(&self.shared.state))
    }

    /// Moves a batch into the queue, under the policy if there is less room than items.
    ///
    /// [`Overflow::Wait`] and [`Overflow::Fail`] leave in `batch` what did not fit. The receiver is woken once.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the receiver is gone or the queue was ended; the batch is left as it is.
    pub fn send_batch(&self, batch: &mut VecDeque<T>) -> Result<(), Closed<()>> {
        if batch.is_empty() {
            return Ok(());
        }
        let meter = &self.shared.meter;
        let mut superfluous = VecDeque::new();
        let receiver = {
            let mut state = lock(&self.shared.state);
            if state.refuses() {
                return Err(Closed(()));
            }
            let room = self.shared.room(&state);
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
                        let surplus = offered - room;
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
            if state.refuses() {
                return Err(Refused::Closed(item));
            }
            if self.shared.room(&state) > 0 {
                if state.items.capacity() == 0 {
                    state.items.reserve(self.shared.capacity.min(FIRST_ITEMS));
                }
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

    /// Counts items that the producer had for this queue and dropped itself.
    pub fn count_dropped(&self, reason: DropReason, items: u64) {
        self.shared.meter.receive(items);
        self.shared.meter.drop_items(reason, items);
    }

    /// Ends the queue for all senders: what is in it is still received, then the completion or the error.
    ///
    /// The first end counts. What is sent after it is refused.
    pub fn end(&self, end: Result<(), E>) {
        self.shared.end(end);
    }

    /// Tells whether what is sent now is refused: the receiver is gone, or the queue was ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.shared.state).refuses()
    }

    /// Tells whether the receiver asked for a graceful end, and has `task` woken when it does, or when it leaves.
    ///
    /// A sender remembers one task; a clone remembers its own.
    pub fn stop_requested(&self, task: &mut Context<'_>) -> bool {
        let mut state = lock(&self.shared.state);
        let stopping = state.stopping;
        let known = state.watching.get(&self.key);
        let replaced = if known.is_some_and(|known| known.will_wake(task.waker())) {
            None
        } else {
            state.watching.insert(self.key, task.waker().clone())
        };
        // Dropped outside the lock: a waker may hold a whole task.
        drop(state);
        drop(replaced);
        stopping
    }
}

impl<T, E> Clone for QueueSender<T, E> {
    fn clone(&self) -> Self {
        let mut state = lock(&self.shared.state);
        state.senders += 1;
        state.next_sender += 1;
        Self {
            shared: Arc::clone(&self.shared),
            key: state.next_sender - 1,
        }
    }
}

impl<T, E> Drop for QueueSender<T, E> {
    fn drop(&mut self) {
        let (last, _watching) = {
            let mut state = lock(&self.shared.state);
            state.senders -= 1;
            (state.senders == 0, state.watching.remove(&self.key))
        };
        if last {
            self.shared.end(Ok(()));
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
