//! `audit`: the last item of every stretch of time that an item opens.

use std::{fmt, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    cue::Clock,
    delegate::delegate,
    gate::{Edges, Gate},
};

impl<O: Observable> Flow<O> {
    /// Waits for `window` when an item comes, then hands on the newest; the next item opens another window.
    ///
    /// ```text
    /// in   -a-xy-----b--x--c---|
    ///        audit(4)
    /// out  -----y--------x-----(c|)
    /// ```
    ///
    /// Unlike the trailing edge of [`throttle`](Flow::throttle), what is handed on opens no window. An item that comes
    /// at the very instant at which a window ends still belongs to it.
    ///
    /// When the source completes while an item waits, that item comes at the end of its window, and completion with it.
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
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let levels = (1..=9).flow().audit(Duration::from_millis(50));
    /// assert_eq!(levels.collect::<Vec<_>>().await, Ok(vec![9]));
    /// # }
    /// ```
    #[doc(alias = "audit_time")]
    #[doc(alias = "throttle_last")]
    #[track_caller]
    pub fn audit(self, window: Duration) -> Flow<Audit<O>> {
        let stage = Stage::new("audit", self.into_inner(), ());
        Flow::new(Audit {
            gate: Gate::new(stage, Clock::new(window), Edges::LAST),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::audit`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Audit<O>
    where
        O: Observable,
    {
        #[pin]
        gate: Gate<O, O::Item, Clock>,
    }
}

impl<O: Observable> Observable for Audit<O> {
    type Item = O::Item;
    type Error = O::Error;

    delegate!(gate);
}

impl<O: Observable + fmt::Debug> fmt::Debug for Audit<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gate.fmt(f)
    }
}
