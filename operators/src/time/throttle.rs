//! `throttle`: at most one item of every stretch of time.

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
    /// Hands on an item, then drops what comes for `window`; the next item opens another window.
    ///
    /// ```text
    /// in   -a-xy-----b--x--cxxx--|
    ///        throttle(4)
    /// out  -a--------b-----c-----|
    ///        throttle(4).trailing()
    /// out  -----y--------x---x---(x|)
    ///        throttle(4).both()
    /// out  -a---y----b---x---x---(x|)
    /// ```
    ///
    /// [`trailing`](Flow::trailing) hands on the last item of a window instead of its first, [`both`](Flow::both) the
    /// first and the last. An item that comes at the very instant at which a window ends still belongs to it.
    ///
    /// When the source completes while a trailing item waits, that item comes at the end of its window, and completion
    /// with it; otherwise completion passes at once. For windows that depend on their item see
    /// [`throttle_by`](Flow::throttle_by); to slow down without a loss, [`pace`](Flow::pace).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded. Holds one item, without a trailing
    /// edge none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the trailing item that waits, and counts it as cancelled.
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
    /// let positions = (0..1000).flow().throttle(Duration::from_millis(100));
    /// assert_eq!(positions.collect::<Vec<_>>().await, Ok(vec![0]));
    /// # }
    /// ```
    #[doc(alias = "throttle_time")]
    #[doc(alias = "throttle_first")]
    #[doc(alias = "throttle_latest")]
    #[doc(alias = "sample_first")]
    #[track_caller]
    pub fn throttle(self, window: Duration) -> Flow<Throttle<O>> {
        let stage = Stage::new("throttle", self.into_inner(), ());
        Flow::new(Throttle {
            gate: Gate::new(stage, Clock::new(window), Edges::LEADING),
        })
    }
}

impl<O: Observable> Flow<Throttle<O>> {
    /// Hands on the first item of a window, which is the default.
    pub fn leading(self) -> Self {
        self.on(Edges::LEADING)
    }

    /// Hands on the last item of a window, at its end; that opens the next window.
    pub fn trailing(self) -> Self {
        self.on(Edges::TRAILING)
    }

    /// Hands on the first item of a window at once and the last, if it is another, at its end.
    pub fn both(self) -> Self {
        self.on(Edges::BOTH)
    }

    fn on(self, edges: Edges) -> Self {
        let mut throttle = self.into_inner();
        throttle.gate.edges = edges;
        Self::new(throttle)
    }
}

pin_project! {
    /// The observable of [`Flow::throttle`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Throttle<O>
    where
        O: Observable,
    {
        #[pin]
        gate: Gate<O, O::Item, Clock>,
    }
}

impl<O: Observable> Observable for Throttle<O> {
    type Item = O::Item;
    type Error = O::Error;

    delegate!(gate);
}

impl<O: Observable + fmt::Debug> fmt::Debug for Throttle<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gate.fmt(f)
    }
}
