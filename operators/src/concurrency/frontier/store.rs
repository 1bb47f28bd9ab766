//! Where queued work is kept.

use std::collections::VecDeque;

/// A queue of work for a [`frontier_in`](super::frontier_in): in memory, on disk, by priority, without duplicates.
///
/// It is called under a lock, so it must not wait.
pub trait Store<T> {
    /// Queues an item, or gives it back if there is no room.
    ///
    /// # Errors
    ///
    /// The item itself.
    fn push(&mut self, item: T) -> Result<(), T>;

    /// Takes the item that is next; `None` only if it is empty.
    fn pop(&mut self) -> Option<T>;

    /// Counts the queued items.
    fn len(&self) -> usize;

    /// Tells whether nothing is queued.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tells how many items it holds at most; `None` if there is no bound.
    fn capacity(&self) -> Option<usize>;
}

/// First in, first out, in memory, up to a bound.
#[derive(Clone, Debug)]
pub struct Fifo<T> {
    items: VecDeque<T>,
    capacity: usize,
}

impl<T> Fifo<T> {
    /// Creates an empty queue for at most `capacity` items.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a frontier of 0 items has no work");
        Self {
            items: VecDeque::new(),
            capacity,
        }
    }
}

impl<T> Store<T> for Fifo<T> {
    fn push(&mut self, item: T) -> Result<(), T> {
        if self.items.len() == self.capacity {
            return Err(item);
        }
        self.items.push_back(item);
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.capacity)
    }
}
