//! Where queued work is kept.

use std::collections::VecDeque;

/// A queue of work for a [`frontier_in`](super::frontier_in): in memory, on disk, by priority, in turns.
///
/// It hears of every item that is done, so it may hold some back while others like them are out: that is how a store of
/// many queues keeps each from being handed out all at once. It is called under a lock, so it must not wait.
///
/// # Examples
///
/// A store that hands out one item at a time, however many are pulled:
///
/// ```
/// use thalweg::{operators::concurrency::{Fifo, Store, frontier_in}, prelude::*};
///
/// struct OneByOne {
///     queue: Fifo<u32>,
///     is_out: bool,
/// }
///
/// impl Store<u32> for OneByOne {
///     type Mark = ();
///
///     fn push(&mut self, item: u32) -> Result<(), u32> {
///         self.queue.push(item)
///     }
///
///     fn pop(&mut self) -> Option<(u32, ())> {
///         if self.is_out {
///             return None;
///         }
///         let next = self.queue.pop();
///         self.is_out = next.is_some();
///         next
///     }
///
///     fn release(&mut self, (): ()) {
///         self.is_out = false;
///     }
///
///     fn len(&self) -> usize {
///         self.queue.len()
///     }
///
///     fn capacity(&self) -> Option<usize> {
///         self.queue.capacity()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let store = OneByOne { queue: Fifo::new(10), is_out: false };
/// let work = frontier_in(store, 1..=3);
/// let handle = work.handle();
/// let out = work.par_map(8, move |work| {
///     let handle = handle.clone();
///     async move { (*work, handle.open()) }
/// });
/// assert_eq!(out.collect::<Vec<_>>().await, Ok(vec![(1, 1), (2, 1), (3, 1)]));
/// # }
/// ```
pub trait Store<T> {
    /// What the store remembers of an item that is out; `()` if it need not.
    type Mark;

    /// Queues an item, or gives it back if there is no room.
    ///
    /// # Errors
    ///
    /// The item itself.
    fn push(&mut self, item: T) -> Result<(), T>;

    /// Takes the item that is next, with a mark that [`release`](Self::release) gives back.
    ///
    /// `None` if it is empty, or if all that is queued has to wait until something that is out is done. It is asked again
    /// after each push and each release.
    fn pop(&mut self) -> Option<(T, Self::Mark)>;

    /// Hears that an item is done: its ticket was dropped.
    fn release(&mut self, mark: Self::Mark);

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
    type Mark = ();

    fn push(&mut self, item: T) -> Result<(), T> {
        if self.items.len() == self.capacity {
            return Err(item);
        }
        self.items.push_back(item);
        Ok(())
    }

    fn pop(&mut self) -> Option<(T, ())> {
        self.items.pop_front().map(|item| (item, ()))
    }

    fn release(&mut self, (): ()) {}

    fn len(&self) -> usize {
        self.items.len()
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.capacity)
    }
}
