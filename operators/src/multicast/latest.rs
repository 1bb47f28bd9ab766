//! `latest`: one run of a source for any number of subscribers, each of which gets the newest item.

use std::{fmt, sync::Arc};

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
    /// Serves every clone of the flow from one run of the source, each with the newest item at its own pace.
    ///
    /// ```text
    /// source       --1--2--3------4--|
    ///                latest
    /// subscriber   --1--2--3------4--|
    /// a later one            3----4--|
    /// a slow one   --1--------3------(4|)
    /// ```
    ///
    /// A clone is a subscriber from its first poll on. One that comes late gets the newest item at once; one that is slow
    /// gets what is newest when it looks, and not what it missed. Otherwise it is as [`replay`](Flow::replay) of one item: the
    /// source is dropped when the last subscriber has left, the newest item outlives the completion, and after an error
    /// the next subscriber starts a new clone of the source. For a source that cannot be cloned see
    /// [`latest_once`](Flow::latest_once).
    ///
    /// # Backpressure
    ///
    /// None: the source runs as fast as it can, and what is superseded before a subscriber looked is dropped and counted
    /// for it. Holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping a subscriber counts what it had not received as cancelled; the others notice nothing.
    ///
    /// # Errors
    ///
    /// Every subscriber gets [`Fault::Upstream`] with the error of the source, or [`Fault::Panicked`] if its task panicked,
    /// after the newest item.
    ///
    /// # Panics
    ///
    /// Panics at the first poll outside of a tokio runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let level = [3, 8, 5].flow().latest();
    /// assert_eq!(level.clone().collect::<Vec<_>>().await, Ok(vec![5]));
    /// assert_eq!(level.collect::<Vec<_>>().await, Ok(vec![5]));
    /// # }
    /// ```
    #[doc(alias = "state_in")]
    #[doc(alias = "StateFlow")]
    #[doc(alias = "publish_behavior")]
    #[doc(alias = "watch")]
    #[track_caller]
    pub fn latest(self) -> Flow<Latest<O>>
    where
        O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync>
            + Clone
            + Send
            + 'static,
    {
        let options = Options::new(1, true, false);
        Flow::new(Latest::new(Shared::new(
            "latest",
            self.into_inner(),
            options,
        )))
    }

    /// Serves every clone of the flow from the one run that the source has, as [`latest`](Flow::latest) otherwise.
    ///
    /// After the last subscriber has left a source that had not ended, another completes at once; if that may be before the
    /// one that stays has come, see [`reset_on_zero`](Flow::reset_on_zero).
    ///
    /// # Panics
    ///
    /// As `latest`.
    #[track_caller]
    pub fn latest_once(self) -> Flow<Latest<O>>
    where
        O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
    {
        let options = Options::new(1, false, false);
        let shared = Shared::once("latest_once", self.into_inner(), options);
        Flow::new(Latest::new(shared))
    }
}

impl<O> Flow<Latest<O>>
where
    O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
{
    /// Says whether the source is dropped when the last subscriber leaves, or runs on; by default it is dropped.
    ///
    /// A source that runs on is dropped with the last clone of the flow.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::never};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let level = [3, 8].flow().concat(never()).latest_once().reset_on_zero(false);
    /// let first = level.clone().take(1);
    /// assert_eq!(first.collect::<Vec<_>>().await, Ok(vec![8]));
    /// let second = level.take(1);
    /// assert_eq!(second.collect::<Vec<_>>().await, Ok(vec![8]));
    /// # }
    /// ```
    pub fn reset_on_zero(self, resets: bool) -> Self {
        let latest = self.into_inner();
        if let Some(shared) = latest.seat.shared() {
            shared.configure(|options| options.on_zero = Reset::at_once_if(resets));
        }
        Self::new(latest)
    }
}

pin_project! {
    /// The observable of [`Flow::latest`]. Every clone is a subscriber.
    #[must_use = "flows do nothing unless run"]
    pub struct Latest<O: Observable> {
        seat: Seat<O, Subscriber<O::Item, Fault<O::Error>>>,
    }
}

impl<O: Observable> Latest<O> {
    fn new(shared: Arc<Shared<O>>) -> Self {
        Self {
            seat: Seat::new(shared, Delivery::Latest),
        }
    }
}

impl<O> Observable for Latest<O>
where
    O: Observable<Item: Clone, Error: Clone>,
{
    type Item = O::Item;
    type Error = Fault<O::Error>;

    delegate!(seat);
}

impl<O: Observable> Clone for Latest<O> {
    /// Makes another subscriber, which begins at its first poll; a clone of one that has ended has ended.
    fn clone(&self) -> Self {
        Self {
            seat: self.seat.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Latest<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latest").field("seat", &self.seat).finish()
    }
}
