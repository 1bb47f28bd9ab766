//! `sample_by`: the newest item whenever a notifier says so.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    cue::Notifications,
    delegate::delegate,
    newest::{AtEnd, Newest},
};

impl<O: Observable> Flow<O> {
    /// Hands on the newest item whenever `notifier` has one, if one has come since the last time.
    ///
    /// ```text
    /// in        -a--b-----c----|
    /// notifier  --x----x-x-------
    ///             sample_by
    /// out       --a----b-------|
    /// ```
    ///
    /// At one instant the source goes first, so what comes with the notifier's item is sampled by it. The notifier is
    /// polled from the beginning; when it has completed nothing is sampled any more, but the end of the source passes.
    /// When the source completes, the item that waits is dropped. For a clock see [`sample`](Flow::sample).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded, at the end as unmatched. Holds one
    /// item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the source or of the notifier is the end; the other is dropped, and the item that waits is counted
    /// as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (prices, looks) = (Subject::new(4), Subject::new(1));
    /// let mut seen = prices.subscribe().flow().sample_by(looks.subscribe());
    /// prices.send(7).await;
    /// prices.send(8).await;
    /// looks.send(()).await;
    /// assert_eq!(seen.next().await, Ok(Some(8)));
    /// # }
    /// ```
    #[doc(alias = "sample_when")]
    #[track_caller]
    pub fn sample_by<N>(self, notifier: N) -> Flow<SampleBy<O, N>>
    where
        N: Observable<Error = O::Error>,
    {
        let stage = Stage::new("sample_by", self.into_inner(), ());
        Flow::new(SampleBy {
            newest: Newest::new(stage, Notifications::new(notifier), AtEnd::Drop),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::sample_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct SampleBy<O, N>
    where
        O: Observable,
    {
        #[pin]
        newest: Newest<O, O::Item, Notifications<N>>,
    }
}

impl<O, N> Observable for SampleBy<O, N>
where
    O: Observable,
    N: Observable<Error = O::Error>,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(newest);
}

impl<O: Observable + fmt::Debug, N> fmt::Debug for SampleBy<O, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.newest.fmt(f)
    }
}
