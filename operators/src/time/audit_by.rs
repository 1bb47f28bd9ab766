//! `audit_by`: the last item of every window that an item opens and a notifier ends.

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
    /// Waits for the notifier that is made of an item, then hands on the newest; the next item makes another.
    ///
    /// ```text
    /// in   -a-xy-----b--x--c---|
    ///        audit_by(_ => ----n)
    /// out  -----y--------x-----(c|)
    /// ```
    ///
    /// A notifier that completes without an item closes its window and hands on nothing: the item waits for the next
    /// window, whose first item takes its place. At one instant the source goes before the notifier: an item that comes
    /// as a window ends still belongs to it, and of several that come at once all do.
    ///
    /// When the source completes while an item waits in a window, that item comes at its end, and completion with it;
    /// otherwise completion passes at once. For windows of a fixed time see [`audit`](Flow::audit).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded, or as unmatched if the flow
    /// completes with an item whose window was closed. Holds one item and one notifier.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits, and counts it as cancelled.
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
    /// let frames = Subject::new(1);
    /// let drawn = (1..=3).flow().audit_by(|_| frames.subscribe().flow().start_with([()]));
    /// assert_eq!(drawn.collect::<Vec<_>>().await, Ok(vec![3]));
    /// # frames.complete();
    /// # }
    /// ```
    #[doc(alias = "throttle_last")]
    #[track_caller]
    pub fn audit_by<N, F>(self, notifier: F) -> Flow<AuditBy<O, N, F>>
    where
        F: FnMut(&O::Item) -> N,
        N: Observable<Error = O::Error>,
    {
        let stage = Stage::new("audit_by", self.into_inner(), notifier);
        Flow::new(AuditBy {
            gate: Gate::new(stage, Notifier::new(), Edges::LAST),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::audit_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct AuditBy<O, N, F>
    where
        O: Observable,
    {
        #[pin]
        gate: Gate<O, O::Item, Notifier<N>, F>,
    }
}

impl<O, N, F> Observable for AuditBy<O, N, F>
where
    O: Observable,
    N: Observable<Error = O::Error>,
    F: FnMut(&O::Item) -> N,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(gate);
}

impl<O: Observable + fmt::Debug, N, F> fmt::Debug for AuditBy<O, N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gate.fmt(f)
    }
}
