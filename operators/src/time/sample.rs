//! `sample`: the newest item at every tick of a clock.

use std::{fmt, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    cue::Metronome,
    delegate::delegate,
    newest::{AtEnd, Newest},
};

impl<O: Observable> Flow<O> {
    /// Hands on the newest item every `period`, counted from the first poll, if one has come since the last time.
    ///
    /// ```text
    /// in   -a-b-----c---|
    ///        sample(4)
    /// out  ----b-------c|
    /// ```
    ///
    /// An item that comes at the very instant of a tick is sampled by it. Ticks that nobody polled for are skipped.
    /// When the source completes, the item that waits for a tick is dropped; for one that is kept see
    /// [`audit`](Flow::audit).
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
    /// An error of the stream passes at once; the item that waits is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// // An item every 10 ms, looked at every 35 ms.
    /// let ticks = (1..=9).flow().pace(100, Duration::from_secs(1)).sample(Duration::from_millis(35));
    /// assert_eq!(ticks.collect::<Vec<_>>().await, Ok(vec![4, 8]));
    /// # }
    /// ```
    #[doc(alias = "sample_time")]
    #[doc(alias = "throttle_latest")]
    #[track_caller]
    pub fn sample(self, period: Duration) -> Flow<Sample<O>> {
        let stage = Stage::new("sample", self.into_inner(), ());
        Flow::new(Sample {
            newest: Newest::new(stage, Metronome::new(period), AtEnd::Drop),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::sample`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Sample<O>
    where
        O: Observable,
    {
        #[pin]
        newest: Newest<O, O::Item, Metronome>,
    }
}

impl<O: Observable> Observable for Sample<O> {
    type Item = O::Item;
    type Error = O::Error;

    delegate!(newest);
}

impl<O: Observable + fmt::Debug> fmt::Debug for Sample<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.newest.fmt(f)
    }
}
