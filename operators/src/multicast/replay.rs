//! `replay`: one run of a source for any number of subscribers, and what they missed for those who come late.

use std::{fmt, sync::Arc, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{
    Fault, Observable,
    hub::{Delivery, Subscriber},
};

use crate::{Flow, delegate::delegate};

use super::share::{
    connection::Shared,
    options::{Options, Reset},
    seat::Seat,
};

impl<O: Observable> Flow<O> {
    /// Serves every clone of the flow from one run of the source; one that comes late gets the newest `capacity` items first.
    ///
    /// ```text
    /// source       --1--2--3------4--|
    ///                replay(2)
    /// subscriber   --1--2--3------4--|
    /// a later one            (23)-4--|
    /// after the end                      (34|)
    /// ```
    ///
    /// A clone is a subscriber from its first poll on. It gets the history, then what comes, each item once. The first
    /// subscriber starts the source in a task of its own; when the last has left, the source is dropped and the history with
    /// it, unless [`reset_on_zero`](Flow::reset_on_zero) says otherwise. After the completion the history is kept as long as
    /// a clone is; after an error the next subscriber starts a new clone of the source.
    /// [`UNLIMITED`](crate::transform::UNLIMITED) keeps all items, [`ttl`](Flow::ttl) those that are not too old. For a
    /// source that cannot be cloned see [`replay_once`](Flow::replay_once).
    ///
    /// When its consumer stops gracefully a subscriber completes after what was sent until then. If all are stopping, the
    /// source is told, and all get what was in flight.
    ///
    /// # Backpressure
    ///
    /// The slowest subscriber holds back the source; the others may be ahead of it by 1,024 items, not counted the history
    /// that it found. Holds `capacity` items besides, once for all.
    ///
    /// # Cancel safety
    ///
    /// Dropping a subscriber counts what it had not received as cancelled; the others notice nothing.
    ///
    /// # Errors
    ///
    /// Every subscriber gets [`Fault::Upstream`] with the error of the source, or [`Fault::Panicked`] if its task panicked,
    /// after the items before it.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0, and at the first poll outside of a tokio runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let settings = ["dark", "dense", "french"].flow().replay(2);
    /// assert_eq!(settings.clone().count().await, Ok(3));
    /// assert_eq!(settings.collect::<Vec<_>>().await, Ok(vec!["dense", "french"]));
    /// # }
    /// ```
    #[doc(alias = "share_replay")]
    #[doc(alias = "cache")]
    #[doc(alias = "share_in")]
    #[track_caller]
    pub fn replay(self, capacity: usize) -> Flow<Replay<O>>
    where
        O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync>
            + Clone
            + Send
            + 'static,
    {
        let options = Options::new(checked(capacity), true, false);
        Flow::new(Replay::new(Shared::new(
            "replay",
            self.into_inner(),
            options,
        )))
    }

    /// Serves every clone of the flow from the one run that the source has, as [`replay`](Flow::replay) otherwise.
    ///
    /// A subscriber that comes after the end gets the history and that end; after the last subscriber has left a source that
    /// had not ended, it completes at once. If that may be before the one that stays has come, see
    /// [`reset_on_zero`](Flow::reset_on_zero).
    ///
    /// # Panics
    ///
    /// As `replay`.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let lines = tokio_stream::iter(["a", "b"]).flow().replay_once(1);
    /// let later = lines.clone();
    /// assert_eq!(lines.count().await, Ok(2));
    /// assert_eq!(later.collect::<Vec<_>>().await, Ok(vec!["b"]));
    /// # }
    /// ```
    #[track_caller]
    pub fn replay_once(self, capacity: usize) -> Flow<Replay<O>>
    where
        O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
    {
        let options = Options::new(checked(capacity), false, false);
        let shared = Shared::once("replay_once", self.into_inner(), options);
        Flow::new(Replay::new(shared))
    }
}

#[track_caller]
fn checked(capacity: usize) -> usize {
    assert!(capacity > 0, "a replay of 0 items is a share");
    capacity
}

impl<O> Flow<Replay<O>>
where
    O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
{
    /// Forgets what came longer than `time` ago; for all clones, from the next start on.
    ///
    /// What is forgotten is freed with the next item or subscriber. All items of one batch of the source have one age.
    #[doc(alias = "window_time")]
    pub fn ttl(self, time: Duration) -> Self {
        self.with(|options| options.ttl = Some(time))
    }

    /// Says whether the source and the history are dropped when the last subscriber leaves, or stay; by default they are
    /// dropped.
    ///
    /// A source that runs on is dropped with the last clone of the flow. One that has completed has its history kept in any
    /// case.
    #[doc(alias = "ref_count")]
    #[doc(alias = "auto_connect")]
    pub fn reset_on_zero(self, resets: bool) -> Self {
        self.with(|options| options.on_zero = Reset::at_once_if(resets))
    }

    fn with(self, set: impl FnOnce(&mut Options<O::Error>)) -> Self {
        let replay = self.into_inner();
        if let Some(shared) = replay.seat.shared() {
            shared.configure(set);
        }
        Self::new(replay)
    }
}

pin_project! {
    /// The observable of [`Flow::replay`]. Every clone is a subscriber.
    #[must_use = "flows do nothing unless run"]
    pub struct Replay<O: Observable> {
        seat: Seat<O, Subscriber<O::Item, Fault<O::Error>>>,
    }
}

impl<O: Observable> Replay<O> {
    fn new(shared: Arc<Shared<O>>) -> Self {
        Self {
            seat: Seat::new(shared, Delivery::Lossless),
        }
    }
}

impl<O> Observable for Replay<O>
where
    O: Observable<Item: Clone, Error: Clone>,
{
    type Item = O::Item;
    type Error = Fault<O::Error>;

    delegate!(seat);
}

impl<O: Observable> Clone for Replay<O> {
    /// Makes another subscriber, which begins at its first poll; a clone of one that has ended has ended.
    fn clone(&self) -> Self {
        Self {
            seat: self.seat.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Replay<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("seat", &self.seat).finish()
    }
}
