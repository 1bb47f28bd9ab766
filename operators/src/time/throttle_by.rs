//! `throttle_by`: at most one item of every window, which a notifier ends.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    cue::Notifier,
    delegate::delegate,
    gate::{Edges, Gate},
};

impl<O: Observable> Flow<O> {
    /// Hands on an item, then drops what comes until the notifier that is made of it has an item or completes.
    ///
    /// ```text
    /// in   -a-xy-----b--x--cxxx--|
    ///        throttle_by(_ => ----n)
    /// out  -a--------b-----c-----|
    ///        throttle_by(_ => ----n).trailing()
    /// out  -----y--------x---x---(x|)
    ///        throttle_by(_ => ----n).both()
    /// out  -a---y----b---x---x---(x|)
    /// ```
    ///
    /// [`trailing`](Flow::trailing) hands on the last item of a window instead of its first, [`both`](Flow::both) the
    /// first and the last; a trailing item opens the next window. A notifier that completes without an item closes its
    /// window and hands on nothing: a trailing item waits for the next window, whose first item takes its place.
    ///
    /// At one instant the source goes before the notifier: an item that comes as a window ends still belongs to it, and
    /// of several that come at once all do.
    ///
    /// When the source completes while a trailing item waits in a window, that item comes at its end, and completion
    /// with it; otherwise completion passes at once. For windows of a fixed time see [`throttle`](Flow::throttle).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded, or as unmatched if the flow
    /// completes with a trailing item whose window was closed. Holds one item, without a trailing edge none, and one
    /// notifier.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the trailing item that waits, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream or of a notifier passes at once; the item that waits is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let ready = Subject::<()>::new(1);
    /// let jobs = (1..=3).flow().throttle_by(|_| ready.subscribe());
    /// assert_eq!(jobs.collect::<Vec<_>>().await, Ok(vec![1]));
    /// # }
    /// ```
    #[doc(alias = "throttle_until")]
    #[doc(alias = "sample_first")]
    #[track_caller]
    pub fn throttle_by<N, F>(self, notifier: F) -> Flow<ThrottleBy<O, N, F>>
    where
        F: FnMut(&O::Item) -> N,
        N: Observable<Error = O::Error>,
    {
        let stage = Stage::new("throttle_by", self.into_inner(), notifier);
        Flow::new(ThrottleBy {
            gate: Gate::new(stage, Notifier::new(), Edges::LEADING),
        })
    }
}

impl<O: Observable, N, F> Flow<ThrottleBy<O, N, F>>
where
    N: Observable<Error = O::Error>,
    F: FnMut(&O::Item) -> N,
{
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
    /// The observable of [`Flow::throttle_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ThrottleBy<O, N, F>
    where
        O: Observable,
    {
        #[pin]
        gate: Gate<O, O::Item, Notifier<N>, F>,
    }
}

impl<O, N, F> Observable for ThrottleBy<O, N, F>
where
    O: Observable,
    N: Observable<Error = O::Error>,
    F: FnMut(&O::Item) -> N,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(gate);
}

impl<O: Observable + fmt::Debug, N, F> fmt::Debug for ThrottleBy<O, N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gate.fmt(f)
    }
}
