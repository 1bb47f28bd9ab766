//! `merge_scan`: makes a flow of every item and of what was last emitted, and runs several at once.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use super::MergeMap;
use crate::{Flow, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Makes a flow of every item and the state, which is what was last emitted, and runs up to `limit` of them at once.
    ///
    /// ```text
    /// in   --1---2---3------|
    ///        merge_scan(0, 2, (sum, n) => -(sum + n)|)
    /// out  ---1---3---6-----|
    /// ```
    ///
    /// The state begins as `initial`, which is not emitted. With several flows at once `step` sees the state as it is when
    /// its flow begins; with a `limit` of 1 that is what the flow before emitted last.
    ///
    /// Completes when the source has completed and all inner flows have. For the rest it is as
    /// [`merge_map`](Self::merge_map).
    ///
    /// # Backpressure
    ///
    /// While `limit` inner flows run, no item of the source is pulled. Holds up to `limit` inner flows, each of which the numbers
    /// of the stage count as one item, and the state.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the state, and what the inner flows themselves may lose.
    ///
    /// # Errors
    ///
    /// An error of the source or of an inner flow passes at once; the others are dropped and counted as failed.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let balance = [10, -3, 5].flow().merge_scan(100, 1, |balance, change| [balance + change].flow());
    /// assert_eq!(balance.collect::<Vec<_>>().await, Ok(vec![110, 107, 112]));
    /// # }
    /// ```
    #[doc(alias = "scan_async")]
    #[track_caller]
    pub fn merge_scan<S, U, F>(
        self,
        initial: S,
        limit: usize,
        step: F,
    ) -> Flow<MergeScan<O, U, S, F>>
    where
        S: Clone,
        F: FnMut(&S, O::Item) -> U,
        U: Observable<Item = S, Error = O::Error>,
    {
        let state = (initial, step);
        Flow::new(MergeScan {
            flows: MergeMap::new("merge_scan", self.into_inner(), limit, state),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::merge_scan`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct MergeScan<O, U, S, F> {
        #[pin]
        flows: MergeMap<O, U, (S, F)>,
    }
}

impl<O, U, S, F> Observable for MergeScan<O, U, S, F>
where
    O: Observable,
    S: Clone,
    F: FnMut(&S, O::Item) -> U,
    U: Observable<Item = S, Error = O::Error>,
{
    type Item = S;
    type Error = O::Error;

    delegate!(flows.drain(
        |(state, step), item| step(state, item),
        |(state, _), emitted| state.clone_from(emitted)
    ));
}

impl<O: fmt::Debug, U, S, F> fmt::Debug for MergeScan<O, U, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flows.fmt(f)
    }
}
