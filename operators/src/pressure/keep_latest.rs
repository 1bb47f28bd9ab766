//! `keep_latest`: of what is ready at once, only the newest item.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    cue::Dry,
    delegate::delegate,
    newest::{AtEnd, Newest},
};

impl<O: Observable> Flow<O> {
    /// Hands on only the newest of the items that are ready at once: a slow consumer sees what is current.
    ///
    /// ```text
    /// in        -1-2-3-4-5--6---|
    ///             keep_latest
    /// consumer  -x-------x--x---x  (asks at x)
    /// out       -1-------5--6---|
    /// ```
    ///
    /// Every poll drains the source and emits one item, so that a consumer that keeps up sees all of them. Of a source
    /// that never runs dry one item comes for every budget, 1024 items unless told otherwise. It is what lies in the
    /// source that counts, a subscription or a queue: if the source is pulled only when asked, put a
    /// [`buffer`](Flow::buffer) before it. To merge items instead of dropping them see [`conflate`](Flow::conflate).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded. Holds an item only while it is
    /// polled.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what is dropped anyway.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; the item that came with it is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let prices = Subject::new(16);
    /// let mut latest = prices.subscribe().flow().keep_latest();
    /// for price in [3, 8, 5] {
    ///     prices.send(price).await;
    /// }
    /// assert_eq!(latest.next().await, Ok(Some(5)));
    /// # }
    /// ```
    #[doc(alias = "on_backpressure_latest")]
    #[doc(alias = "conflate_latest")]
    #[track_caller]
    pub fn keep_latest(self) -> Flow<KeepLatest<O>> {
        let stage = Stage::new("keep_latest", self.into_inner(), ());
        Flow::new(KeepLatest {
            newest: Newest::new(stage, Dry, AtEnd::HandOn),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::keep_latest`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct KeepLatest<O>
    where
        O: Observable,
    {
        #[pin]
        newest: Newest<O, O::Item, Dry>,
    }
}

impl<O: Observable> Observable for KeepLatest<O> {
    type Item = O::Item;
    type Error = O::Error;

    delegate!(newest);
}

impl<O: Observable + fmt::Debug> fmt::Debug for KeepLatest<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.newest.fmt(f)
    }
}
