//! `debounce_by`: the last item of a burst, once a notifier of its own says so.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow, Stage,
    cue::Notifier,
    delegate::delegate,
    newest::{AtEnd, Newest},
};

impl<O: Observable> Flow<O> {
    /// Emits an item once the notifier that is made of it has an item, unless another item has come by then.
    ///
    /// ```text
    /// in   --a-b-----c-------|
    ///        debounce_by(_ => ---x)
    /// out  -------b-----c----|
    /// ```
    ///
    /// Every item makes a notifier, in place of the one before. It is first polled when the source has no more for now:
    /// of several items that come at once only the notifier of the last is run. At one instant the source goes before
    /// the notifier. A notifier that completes without an item leaves its item waiting, for the next or for the end.
    /// When the source completes, the item that waits is emitted at once. For a time that is always the same see
    /// [`debounce`](Flow::debounce).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded. Holds one item, and its notifier.
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
    /// let saves = Subject::new(1);
    /// let drafts = ["o", "on", "one"].flow().debounce_by(|_| saves.subscribe());
    /// saves.send(()).await;
    /// assert_eq!(drafts.collect::<Vec<_>>().await, Ok(vec!["one"]));
    /// # }
    /// ```
    #[doc(alias = "debounce_until")]
    #[doc(alias = "sample_timeout")]
    #[track_caller]
    pub fn debounce_by<N, F>(self, notifier: F) -> Flow<DebounceBy<O, N, F>>
    where
        F: FnMut(&O::Item) -> N,
        N: Observable<Error = O::Error>,
    {
        let stage = Stage::new("debounce_by", self.into_inner(), notifier);
        Flow::new(DebounceBy {
            newest: Newest::new(stage, Notifier::new(), AtEnd::HandOn),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::debounce_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct DebounceBy<O, N, F>
    where
        O: Observable,
    {
        #[pin]
        newest: Newest<O, O::Item, Notifier<N>, F>,
    }
}

impl<O, N, F> Observable for DebounceBy<O, N, F>
where
    O: Observable,
    N: Observable<Error = O::Error>,
    F: FnMut(&O::Item) -> N,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(newest);
}

impl<O: Observable + fmt::Debug, N, F> fmt::Debug for DebounceBy<O, N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.newest.fmt(f)
    }
}
