//! `debounce`: the last item of a burst, once it is quiet.

use std::{fmt, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    cue::Clock,
    delegate::delegate,
    newest::{AtEnd, Newest},
};

impl<O: Observable> Flow<O> {
    /// Emits the last item of a burst once no other has come for `quiet`.
    ///
    /// ```text
    /// in   --a-b-c--------d--|
    ///        debounce(4)
    /// out  ----------c-------(d|)
    /// ```
    ///
    /// A source that is never quiet is never heard; [`max_wait`](Flow::max_wait) bounds that. For a quiet that depends
    /// on the item see [`debounce_by`](Flow::debounce_by). An item that comes at the very instant at which the quiet
    /// ends goes first and takes the place of the one that waited. When the source completes, the item that waits is
    /// emitted at once.
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded. Holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; the item that waits is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let keys = ["h", "he", "her", "hero"].flow();
    /// let search = keys.debounce(Duration::from_millis(200));
    /// assert_eq!(search.collect::<Vec<_>>().await, Ok(vec!["hero"]));
    /// # }
    /// ```
    #[doc(alias = "debounce_time")]
    #[doc(alias = "sample_timeout")]
    #[track_caller]
    pub fn debounce(self, quiet: Duration) -> Flow<Debounce<O>> {
        let stage = Stage::new("debounce", self.into_inner(), ());
        Flow::new(Debounce {
            newest: Newest::new(stage, Clock::new(quiet), AtEnd::HandOn),
        })
    }
}

impl<O: Observable> Flow<Debounce<O>> {
    /// Emits the newest item also when `time` has passed since the first of a burst that does not end.
    pub fn max_wait(self, time: Duration) -> Self {
        let mut debounce = self.into_inner();
        debounce.newest.cue.most = Some(time);
        Self::new(debounce)
    }
}

pin_project! {
    /// The observable of [`Flow::debounce`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Debounce<O>
    where
        O: Observable,
    {
        #[pin]
        newest: Newest<O, O::Item, Clock>,
    }
}

impl<O: Observable> Observable for Debounce<O> {
    type Item = O::Item;
    type Error = O::Error;

    delegate!(newest);
}

impl<O: Observable + fmt::Debug> fmt::Debug for Debounce<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.newest.fmt(f)
    }
}
