//! The producer's side of a hub.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use crate::queue::{lock, register, wait};

use super::{Shared, state::Batch};

/// The producer's side of a [`hub`](super::hub); the hub completes when it is dropped.
pub struct HubSender<T, E> {
    shared: Arc<Shared<T, E>>,
    /// Kept so that a batch costs no allocation for the wakers.
    woken: Vec<Waker>,
}

impl<T, E> HubSender<T, E> {
    pub(super) fn new(shared: Arc<Shared<T, E>>) -> Self {
        Self {
            shared,
            woken: Vec::new(),
        }
    }

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

    /// Hands a batch to every subscriber; with none, and no history, the items are dropped and counted as cancelled.
    pub fn send_batch(&mut self, batch: Vec<T>) {
        self.send(batch, None);
    }

    /// As [`send_batch`](Self::send_batch), for a history that is forgotten by its age.
    ///
    /// No batch may be older than the one before it.
    pub fn send_batch_at(&mut self, batch: Vec<T>, sent: Instant) {
        self.send(batch, Some(sent));
    }

    /// As [`Hub::forget_until`](super::Hub::forget_until).
    pub fn forget_until(&self, instant: Instant) {
        self.shared.forget_until(instant);
    }

    fn send(&mut self, batch: Vec<T>, sent: Option<Instant>) {
        if batch.is_empty() {
            return;
        }
        let superfluous = {
            let mut state = lock(&self.shared.state);
            self.shared
                .publish(&mut state, Batch::Many(batch), sent, &mut self.woken)
        };
        self.woken.drain(..).for_each(Waker::wake);
        drop(superfluous);
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
