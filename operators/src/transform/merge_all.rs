//! `merge_all`: runs several of the flows that are the items at once.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use super::MergeMap;
use crate::{Flow, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Runs up to `limit` of the flows that are the items at once, handing on their items as they come.
    ///
    /// ```text
    /// in   --A---B-----------|     A: --1--2--3|   B: --4--5--6|
    ///        merge_all(2)
    /// out  ----1--24-35--6---|
    /// ```
    ///
    /// It is [`merge_map`](Self::merge_map) for flows that are there already; [`UNLIMITED`](crate::transform::UNLIMITED)
    /// runs as many as come. For a fixed number of flows see [`merge`](crate::combine::merge).
    ///
    /// # Backpressure
    ///
    /// While `limit` inner flows run, no item of the source is pulled. Holds up to `limit` inner flows, each of which the numbers
    /// of the stage count as one item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flows themselves may lose.
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
    /// let parts = (0..3).map(|start| (start..10).flow()).flow().merge_all(2);
    /// assert_eq!(parts.count().await, Ok(10 + 9 + 8));
    /// # }
    /// ```
    #[doc(alias = "flatten_merge")]
    #[doc(alias = "flatten_unordered")]
    #[doc(alias = "flat_map")]
    #[track_caller]
    pub fn merge_all(self, limit: usize) -> Flow<MergeAll<O>>
    where
        O: Observable<Item: Observable<Error = O::Error>>,
    {
        Flow::new(MergeAll {
            flows: MergeMap::new("merge_all", self.into_inner(), limit, ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::merge_all`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct MergeAll<O>
    where
        O: Observable,
    {
        #[pin]
        flows: MergeMap<O, O::Item, ()>,
    }
}

impl<O> Observable for MergeAll<O>
where
    O: Observable<Item: Observable<Error = O::Error>>,
{
    type Item = <O::Item as Observable>::Item;
    type Error = O::Error;

    delegate!(flows.drain(|(), inner| inner, |(), _| {}));
}

impl<O: Observable + fmt::Debug> fmt::Debug for MergeAll<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flows.fmt(f)
    }
}
