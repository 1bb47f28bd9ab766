//! A subject: what is sent into it reaches every subscriber.

mod behavior;
mod replay;

use std::{convert::Infallible, fmt, future::poll_fn, ops::ControlFlow, pin::Pin, task::Poll};

use crate::{
    Cx, Drained, Meter, Observable, Plan, StageId,
    hub::{Delivery, History, Hub, Subscriber},
};

pub use behavior::BehaviorSubject;
pub use replay::ReplaySubject;

/// A hot source that is pushed by hand: every item goes to all who are subscribed at that moment.
///
/// Clones are handles to the same subject. [`send`](Self::send) waits for the slowest lossless subscriber, which may be
/// behind by `capacity` items; with no subscriber items are dropped and counted. A subscriber that comes after the end
/// gets the end at once.
///
/// # Examples
///
/// ```
/// use thalweg::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let prices = Subject::new(16);
/// let (low, high) = (prices.subscribe().flow(), prices.subscribe().flow());
/// for price in [3, 8, 5] {
///     prices.send(price).await;
/// }
/// prices.complete();
/// assert_eq!(low.filter(|p| *p < 5).collect::<Vec<_>>().await, Ok(vec![3]));
/// assert_eq!(high.filter(|p| *p >= 5).collect::<Vec<_>>().await, Ok(vec![8, 5]));
/// # }
/// ```
pub struct Subject<T, E = Infallible> {
    hub: Hub<T, E>,
}

impl<T> Subject<T> {
    /// Creates a subject that cannot fail, whose lossless subscribers may be behind by at most `capacity` items.
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

impl<T, E> Subject<T, E> {
    /// Creates a subject that may [`fail`](Self::fail), as [`new`](Subject::new) otherwise.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    #[must_use]
    #[track_caller]
    pub fn fallible(capacity: usize) -> Self {
        Self {
            hub: Hub::new(
                StageId::here("subject"),
                capacity,
                History::default(),
                Meter::new(),
            ),
        }
    }

    /// Subscribes to every item that is sent from now on; a slow subscriber holds back [`send`](Self::send).
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

    /// Sends a batch to all subscribers, as much of it at a time as the slowest lossless one has room for.
    ///
    /// After the end the items are dropped and counted.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, what was sent to nobody is left in `batch`.
    pub async fn send_batch(&self, batch: &mut Vec<T>) {
        poll_fn(|task| self.hub.poll_send_batch(batch, task)).await;
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

    /// Gives the live numbers, in deliveries: an item sent to three subscribers counts three times, one sent to nobody once.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        self.hub.meter()
    }
}

impl<T, E> Clone for Subject<T, E> {
    fn clone(&self) -> Self {
        Self {
            hub: self.hub.clone(),
        }
    }
}

impl<T, E> fmt::Debug for Subject<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("hub", &self.hub).finish()
    }
}

/// What [`Subject::subscribe`] gives: an observable of the items sent since, after those that the subject replays.
///
/// When its consumer stops gracefully it completes after what was sent until then: a subject has no source that could be
/// asked to.
#[derive(Debug)]
pub struct Subscription<T, E = Infallible> {
    subscriber: Subscriber<T, E>,
}

impl<T, E> Subscription<T, E> {
    fn new(subscriber: Subscriber<T, E>) -> Self {
        Self { subscriber }
    }
}

impl<T: Clone, E: Clone> Subscription<T, E> {
    /// Gives the number of items lost by falling behind since it was last asked, and starts anew.
    pub fn take_missed(&mut self) -> u64 {
        self.subscriber.take_missed()
    }
}

impl<T: Clone, E: Clone> Observable for Subscription<T, E> {
    type Item = T;
    type Error = E;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, E>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        if cx.stopping() {
            self.subscriber.complete_here();
        }
        Pin::new(&mut self.subscriber).poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.subscriber.describe(plan);
    }
}
