//! What a frontier hands out: items with a ticket that keeps it open.

use std::{fmt, ops::Deref, sync::Arc};

use thalweg_core::DropReason;

use super::{Fifo, Shared, Store};

/// An item of a [`frontier`](fn@super::frontier); the frontier stays open until it is dropped.
///
/// Dereferences to the item. A panic drops it too, so a failed item does not keep the frontier open for ever.
pub struct Work<T, S: Store<T> = Fifo<T>> {
    item: T,
    ticket: Ticket<T, S>,
}

impl<T, S: Store<T>> Work<T, S> {
    pub(super) fn new(item: T, ticket: Ticket<T, S>) -> Self {
        Self { item, ticket }
    }

    /// Queues new work.
    ///
    /// # Errors
    ///
    /// Gives the item back if the frontier is full or has been stopped; it is counted.
    pub fn add(&self, item: T) -> Result<(), T> {
        self.ticket.add(item)
    }

    /// Takes item and ticket apart, to move the item elsewhere while the ticket keeps the frontier open.
    pub fn into_parts(self) -> (T, Ticket<T, S>) {
        (self.item, self.ticket)
    }
}

impl<T, S: Store<T>> Deref for Work<T, S> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T: fmt::Debug, S: Store<T>> fmt::Debug for Work<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Work").field(&self.item).finish()
    }
}

/// Keeps a frontier open, and adds work to it.
#[must_use = "the frontier may end when the ticket is dropped"]
pub struct Ticket<T, S: Store<T> = Fifo<T>> {
    shared: Arc<Shared<T, S>>,
    /// Taken only when it is dropped.
    mark: Option<S::Mark>,
}

impl<T, S: Store<T>> Ticket<T, S> {
    pub(super) fn new(shared: Arc<Shared<T, S>>, mark: S::Mark) -> Self {
        Self {
            shared,
            mark: Some(mark),
        }
    }

    /// Queues new work.
    ///
    /// # Errors
    ///
    /// Gives the item back if the frontier is full or has been stopped; it is counted.
    pub fn add(&self, item: T) -> Result<(), T> {
        self.shared.add(item)
    }

    /// Queues new work under one lock; gives the number of items that were refused and dropped.
    pub fn add_all(&self, items: impl IntoIterator<Item = T>) -> usize {
        self.shared.add_all(items)
    }
}

impl<T, S: Store<T>> Drop for Ticket<T, S> {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.shared.lock();
            state.open -= 1;
            if let Some(mark) = self.mark.take() {
                state.store.release(mark);
            }
            // Nothing is left, or what is queued was held back for this.
            if state.open == 0 || !state.store.is_empty() {
                state.waker.take()
            } else {
                None
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T, S: Store<T>> fmt::Debug for Ticket<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

/// A look at a frontier from outside, and a way to add work; it does not keep the frontier open.
pub struct FrontierHandle<T, S: Store<T> = Fifo<T>> {
    shared: Arc<Shared<T, S>>,
}

impl<T, S: Store<T>> FrontierHandle<T, S> {
    pub(super) fn new(shared: Arc<Shared<T, S>>) -> Self {
        Self { shared }
    }

    /// Counts the items that are queued.
    pub fn queued(&self) -> usize {
        self.shared.lock().store.len()
    }

    /// Counts the items that were handed out and are not done.
    pub fn open(&self) -> usize {
        self.shared.lock().open
    }

    /// Counts the items that were refused because the frontier was full.
    pub fn refused(&self) -> u64 {
        let counts = self.shared.meter.counts();
        counts.dropped_by(DropReason::Overflow)
    }

    /// Looks at the store, under its lock: briefly, since the flow waits meanwhile.
    pub fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&self.shared.lock().store)
    }

    /// Queues new work.
    ///
    /// # Errors
    ///
    /// Gives the item back if the frontier is full or has ended; it is counted.
    pub fn add(&self, item: T) -> Result<(), T> {
        self.shared.add(item)
    }
}

impl<T, S: Store<T>> Clone for FrontierHandle<T, S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T, S: Store<T>> fmt::Debug for FrontierHandle<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontierHandle")
            .field("queued", &self.queued())
            .field("open", &self.open())
            .finish()
    }
}
