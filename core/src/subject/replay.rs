//! A subject that tells those who come late what they missed.

use std::{convert::Infallible, fmt, future::poll_fn};

use crate::{
    Meter, StageId, Subscription,
    hub::{Delivery, History, Hub},
};

/// A [`Subject`](crate::Subject) that replays its newest items to every new subscriber, also after its end.
///
/// Clones are handles to the same subject. A subscriber gets the history, then what is sent from that moment on, each
/// item once. [`send`](Self::send) waits for the slowest lossless subscriber, which may be behind by `capacity` of the
/// items sent since it came. The history lives as long as the subject and its subscribers.
///
/// # Examples
///
/// ```
/// use thalweg::{ReplaySubject, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let log = ReplaySubject::new(2);
/// for line in ["started", "listening", "ready"] {
///     log.send(line).await;
/// }
/// log.complete();
/// let late = log.subscribe().flow();
/// assert_eq!(late.collect::<Vec<_>>().await, Ok(vec!["listening", "ready"]));
/// # }
/// ```
#[doc(alias = "MutableSharedFlow")]
#[doc(alias = "replay_sink")]
pub struct ReplaySubject<T, E = Infallible> {
    hub: Hub<T, E>,
}

impl<T> ReplaySubject<T> {
    /// Creates a subject that cannot fail and replays the newest `capacity` items; [`usize::MAX`] replays all of them.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Self::fallible(capacity)
    }
}

impl<T, E> ReplaySubject<T, E> {
    /// Creates a subject that may [`fail`](Self::fail), as [`new`](ReplaySubject::new) otherwise.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    #[must_use]
    #[track_caller]
    pub fn fallible(capacity: usize) -> Self {
        let id = StageId::here("replay_subject");
        let history = History::of(capacity);
        Self {
            hub: Hub::new(id, capacity, history, Meter::new()),
        }
    }

    /// Subscribes to the history and to every item that is sent from now on; a slow subscriber holds back
    /// [`send`](Self::send).
    pub fn subscribe(&self) -> Subscription<T, E> {
        self.subscribe_with(Delivery::Lossless)
    }

    /// Subscribes with a choice of what happens when the subscriber is slow; one that may lag gets as much of the history.
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

impl<T, E> Clone for ReplaySubject<T, E> {
    fn clone(&self) -> Self {
        Self {
            hub: self.hub.clone(),
        }
    }
}

impl<T, E> fmt::Debug for ReplaySubject<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplaySubject")
            .field("hub", &self.hub)
            .finish()
    }
}
