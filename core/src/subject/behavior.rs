//! A subject that has a value at any time.

use std::{convert::Infallible, fmt, future::poll_fn};

use crate::{
    Meter, StageId, Subscription,
    hub::{Delivery, History, Hub},
};

/// Items by which a subscriber may be behind.
const CAPACITY: usize = 1024;

/// A [`Subject`](crate::Subject) that has a value at any time: every new subscriber gets it first.
///
/// Clones are handles to the same subject. [`send`](Self::send) waits for the slowest lossless subscriber, which may be
/// behind by 1,024 items; [`Delivery::Latest`] makes one that is never behind. A subscriber that comes after the end gets
/// the end only; [`value`](Self::value) still gives the last value then.
///
/// # Examples
///
/// ```
/// use thalweg::{BehaviorSubject, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let level = BehaviorSubject::new("info");
/// let watched = level.subscribe().flow();
/// level.send("debug").await;
/// assert_eq!(level.value(), "debug");
/// level.complete();
/// assert_eq!(watched.collect::<Vec<_>>().await, Ok(vec!["info", "debug"]));
/// # }
/// ```
#[doc(alias = "MutableStateFlow")]
#[doc(alias = "watch")]
pub struct BehaviorSubject<T, E = Infallible> {
    hub: Hub<T, E>,
}

impl<T> BehaviorSubject<T> {
    /// Creates a subject that cannot fail and has a first value.
    #[must_use]
    #[track_caller]
    pub fn new(initial: T) -> Self {
        Self::fallible(initial)
    }
}

impl<T, E> BehaviorSubject<T, E> {
    /// Creates a subject that may [`fail`](Self::fail), as [`new`](BehaviorSubject::new) otherwise.
    #[must_use]
    #[track_caller]
    pub fn fallible(initial: T) -> Self {
        let id = StageId::here("behavior_subject");
        let hub = Hub::new(id, CAPACITY, History::of(1).until_end(), Meter::new());
        hub.begin_with(initial);
        Self { hub }
    }

    /// Gives the newest value, also after the end.
    ///
    /// # Panics
    ///
    /// Panics if the clone of the value does.
    #[must_use]
    pub fn value(&self) -> T
    where
        T: Clone,
    {
        let newest = self.hub.newest();
        let value = newest.as_ref().and_then(|batch| batch.last());
        value.expect("it has one from the start").clone()
    }

    /// Subscribes to the value and to every one that is sent from now on; a slow subscriber holds back
    /// [`send`](Self::send).
    pub fn subscribe(&self) -> Subscription<T, E> {
        self.subscribe_with(Delivery::Lossless)
    }

    /// Subscribes with a choice of what happens when the subscriber is slow.
    ///
    /// # Panics
    ///
    /// Panics for a [`Delivery::Lag`] of 0 items.
    #[track_caller]
    pub fn subscribe_with(&self, delivery: Delivery) -> Subscription<T, E> {
        Subscription::new(self.hub.subscribe(delivery))
    }

    /// Sends an item to all subscribers, when the slowest lossless one has room for it.
    ///
    /// After the end the item is dropped and counted.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the item was sent to nobody and is dropped.
    pub async fn send(&self, item: T) {
        let mut slot = Some(item);
        poll_fn(|task| self.hub.poll_send(&mut slot, task)).await;
    }

    /// Completes the subject: subscribers get what is left, then the completion.
    pub fn complete(&self) {
        self.hub.end(Ok(()));
    }

    /// Fails the subject: subscribers get what is left, then the error.
    pub fn fail(&self, error: E) {
        self.hub.end(Err(error));
    }

    /// Counts the subscribers.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.hub.subscribers()
    }

    /// Gives the live numbers, in deliveries: what a subscriber gets counts when it is sent, or replayed, to it.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        self.hub.meter()
    }
}

impl<T, E> Clone for BehaviorSubject<T, E> {
    fn clone(&self) -> Self {
        Self {
            hub: self.hub.clone(),
        }
    }
}

impl<T, E> fmt::Debug for BehaviorSubject<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BehaviorSubject")
            .field("hub", &self.hub)
            .finish()
    }
}
