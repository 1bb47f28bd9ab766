//! `share`: one run of a source for any number of subscribers.

pub(super) mod connection;
pub(super) mod options;
mod pump;
pub(super) mod seat;

use std::{fmt, sync::Arc, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{
    Fault, Observable,
    hub::{Delivery, Lagged, Lagging, Subscriber},
};

use crate::{Flow, delegate::delegate};

use self::{
    connection::Shared,
    options::{Options, Reset, Signal},
    seat::Seat,
};

impl<O: Observable> Flow<O> {
    /// Serves every clone of the flow from one run of the source.
    ///
    /// ```text
    /// source       --1--2--3--4--5--|
    ///                share
    /// subscriber   --1--2--3--4--5--|
    /// a later one         -3--4--5--|
    /// ```
    ///
    /// A clone is a subscriber from its first poll on and gets what comes after it. The first subscriber starts the source
    /// in a task of its own; when the last has left, the source is dropped. The next subscriber then starts a new clone of
    /// it, as it does after an error or the completion. [`reset_on_zero`](Flow::reset_on_zero),
    /// [`reset_on_error`](Flow::reset_on_error) and [`reset_on_completion`](Flow::reset_on_completion) change that, for all
    /// clones; each has a form `_by` in which a notifier tells when, and [`grace`](Flow::grace) lets the source run on for
    /// a time. For a source that cannot be cloned see [`share_once`](Flow::share_once).
    ///
    /// When its consumer stops gracefully a subscriber completes after what was sent until then. If all are stopping, the
    /// source is told, and all get what was in flight.
    ///
    /// # Backpressure
    ///
    /// The slowest subscriber holds back the source; the others may be ahead of it by the
    /// [`capacity`](Flow::capacity), 1,024 items. [`lagging`](Flow::lagging) and [`newest`](Flow::newest) make a subscriber
    /// that loses items instead. Items that come while nobody is subscribed are dropped and counted.
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
    /// Panics at the first poll outside of a tokio runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let prices = [3, 8, 5].flow().share();
    /// let (low, high) = (prices.clone().filter(|p| *p < 5), prices.filter(|p| *p >= 5));
    /// let both = low.merge(high.map(|p| p * 10));
    /// assert_eq!(both.collect::<Vec<_>>().await, Ok(vec![3, 80, 50]));
    /// # }
    /// ```
    #[doc(alias = "ref_count")]
    #[doc(alias = "publish")]
    #[doc(alias = "share_in")]
    #[doc(alias = "broadcast_hub")]
    #[doc(alias = "multicast")]
    #[track_caller]
    pub fn share(self) -> Flow<Share<O>>
    where
        O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync>
            + Clone
            + Send
            + 'static,
    {
        let options = Options::new(0, true, true);
        Flow::new(Share::new(Shared::new("share", self.into_inner(), options)))
    }

    /// Serves every clone of the flow from the one run that the source has, as [`share`](Flow::share) otherwise.
    ///
    /// A subscriber that comes after the end of the source gets that end at once; after the last subscriber has left, it
    /// completes at once. If that may be before the one that stays has come, see [`reset_on_zero`](Flow::reset_on_zero).
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let lines = tokio_stream::iter(["a", "b"]).flow().share_once();
    /// let later = lines.clone();
    /// assert_eq!(lines.count().await, Ok(2));
    /// assert_eq!(later.count().await, Ok(0));
    /// # }
    /// ```
    #[track_caller]
    pub fn share_once(self) -> Flow<Share<O>>
    where
        O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
    {
        let options = Options::new(0, false, false);
        let shared = Shared::once("share_once", self.into_inner(), options);
        Flow::new(Share::new(shared))
    }
}

impl<O> Flow<Share<O>>
where
    O: Observable<Item: Clone + Send + Sync, Error: Clone + Send + Sync> + Send + 'static,
{
    /// Lets a subscriber be ahead of the slowest one by at most `items`; for all clones, from the next start on.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn capacity(self, items: usize) -> Self {
        assert!(items > 0, "a share of 0 items lets nothing through");
        self.with(|options| options.capacity = items)
    }

    /// Says whether a subscriber that comes after an error starts the source anew, or gets the error; by default it starts.
    pub fn reset_on_error(self, resets: bool) -> Self {
        self.with(|options| options.on_error = Reset::at_once_if(resets))
    }

    /// Says whether a subscriber that comes after the completion starts the source anew, or completes; by default it starts.
    pub fn reset_on_completion(self, resets: bool) -> Self {
        self.with(|options| options.on_completion = Reset::at_once_if(resets))
    }

    /// Says whether the source is dropped when the last subscriber leaves, or runs on; by default it is dropped.
    ///
    /// A source that runs on is dropped with the last clone of the flow.
    pub fn reset_on_zero(self, resets: bool) -> Self {
        self.with(|options| options.on_zero = Reset::at_once_if(resets))
    }

    /// Has a subscriber that comes after an error start the source anew once a notifier has had its first item; until then
    /// it gets the error.
    ///
    /// The notifier is made when the source has failed. If it ends without an item, by an error too, nothing is reset.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::timer};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let pause = std::time::Duration::from_secs(30);
    /// let prices = ["3", "x"].flow().map(str::parse::<u32>).raise();
    /// let prices = prices.share().reset_on_error_by(move |_| timer(pause));
    /// assert!(prices.clone().count().await.is_err());
    /// // Not before half a minute has passed is it tried again.
    /// assert!(prices.count().await.is_err());
    /// # }
    /// ```
    pub fn reset_on_error_by<N>(
        self,
        notifier: impl Fn(&Fault<O::Error>) -> N + Send + Sync + 'static,
    ) -> Self
    where
        N: Observable + Send + 'static,
    {
        let signal = move |fault: &Fault<O::Error>| Signal::new(notifier(fault));
        self.with(|options| options.on_error = Reset::When(Arc::new(signal)))
    }

    /// Has a subscriber that comes after the completion start the source anew once a notifier has had its first item; until
    /// then it completes.
    ///
    /// The notifier is made when the source has completed. If it ends without an item, by an error too, nothing is reset.
    pub fn reset_on_completion_by<N>(self, notifier: impl Fn() -> N + Send + Sync + 'static) -> Self
    where
        N: Observable + Send + 'static,
    {
        let signal = move || Signal::new(notifier());
        self.with(|options| options.on_completion = Reset::When(Arc::new(signal)))
    }

    /// Drops the source once nobody is subscribed and a notifier has had its first item.
    ///
    /// The notifier is made when the last subscriber has left, and dropped if another comes. If it ends without an item, by
    /// an error too, the source runs on.
    pub fn reset_on_zero_by<N>(self, notifier: impl Fn() -> N + Send + Sync + 'static) -> Self
    where
        N: Observable + Send + 'static,
    {
        let signal = move || Signal::new(notifier());
        self.with(|options| options.on_zero = Reset::When(Arc::new(signal)))
    }

    /// Lets the source run on for `time` after the last subscriber has left, for one that comes back.
    pub fn grace(self, time: Duration) -> Self {
        self.with(|options| options.grace = time)
    }

    /// Makes this a subscriber that may fall behind by `items` and then loses the oldest, instead of holding back the source.
    ///
    /// Where items are missing, [`Lagged`] stands in their place and tells how many.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut slow = (1..=100).flow().share().lagging(2);
    /// let first = slow.next().await;
    /// assert_eq!(first.unwrap().unwrap().unwrap_err().missed(), 98);
    /// assert_eq!(slow.next().await, Ok(Some(Ok(99))));
    /// # }
    /// ```
    #[track_caller]
    pub fn lagging(self, items: usize) -> Flow<ShareLagging<O>> {
        assert!(
            items > 0,
            "a subscriber that may lag by 0 items gets nothing"
        );
        let share = self.into_inner();
        Flow::new(ShareLagging {
            seat: share.seat.another(Delivery::Lag(items)),
        })
    }

    /// Makes this a subscriber that gets the newest item only, instead of holding back the source; the others are counted.
    #[doc(alias = "conflate")]
    pub fn newest(self) -> Self {
        let mut share = self.into_inner();
        share.seat.delivery = Delivery::Latest;
        Self::new(share)
    }

    fn with(self, set: impl FnOnce(&mut Options<O::Error>)) -> Self {
        let share = self.into_inner();
        if let Some(shared) = share.seat.shared() {
            shared.configure(set);
        }
        Self::new(share)
    }
}

pin_project! {
    /// The observable of [`Flow::share`]. Every clone is a subscriber.
    #[must_use = "flows do nothing unless run"]
    pub struct Share<O: Observable> {
        seat: Seat<O, Subscriber<O::Item, Fault<O::Error>>>,
    }
}

impl<O: Observable> Share<O> {
    fn new(shared: Arc<Shared<O>>) -> Self {
        Self {
            seat: Seat::new(shared, Delivery::Lossless),
        }
    }
}

impl<O> Observable for Share<O>
where
    O: Observable<Item: Clone, Error: Clone>,
{
    type Item = O::Item;
    type Error = Fault<O::Error>;

    delegate!(seat);
}

impl<O: Observable> Clone for Share<O> {
    /// Makes another subscriber, which begins at its first poll; a clone of one that has ended has ended.
    fn clone(&self) -> Self {
        Self {
            seat: self.seat.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Share<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("seat", &self.seat).finish()
    }
}

pin_project! {
    /// The observable of [`Flow::lagging`]. Every clone is a subscriber.
    #[must_use = "flows do nothing unless run"]
    pub struct ShareLagging<O: Observable> {
        seat: Seat<O, Lagging<O::Item, Fault<O::Error>>>,
    }
}

impl<O> Observable for ShareLagging<O>
where
    O: Observable<Item: Clone, Error: Clone>,
{
    type Item = Result<O::Item, Lagged>;
    type Error = Fault<O::Error>;

    delegate!(seat);
}

impl<O: Observable> Clone for ShareLagging<O> {
    /// Makes another subscriber, which begins at its first poll; a clone of one that has ended has ended.
    fn clone(&self) -> Self {
        Self {
            seat: self.seat.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for ShareLagging<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShareLagging")
            .field("seat", &self.seat)
            .finish()
    }
}
