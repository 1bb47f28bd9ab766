//! `concat_all`: runs the flows that are the items, one after the other.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use super::ConcatMap;
use crate::{Flow, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Runs the flows that are the items, one after the other, each to its end.
    ///
    /// ```text
    /// in   --A-----B----|     A: --1-2|   B: --3-4|
    ///        concat_all
    /// out  ----1-2---3-4|
    /// ```
    ///
    /// It is [`concat_map`](Self::concat_map) for flows that are there already.
    ///
    /// # Backpressure
    ///
    /// While an inner flow runs, no item of the source is pulled. Holds one inner flow and no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flow itself may lose.
    ///
    /// # Errors
    ///
    /// An error of an inner flow or of the source passes, as told at [`concat_map`](Self::concat_map).
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let parts = [(0..2).flow(), (10..12).flow()].flow().concat_all();
    /// assert_eq!(parts.collect::<Vec<_>>().await, Ok(vec![0, 1, 10, 11]));
    /// # }
    /// ```
    #[doc(alias = "flatten")]
    #[doc(alias = "flatten_concat")]
    #[doc(alias = "concat")]
    #[track_caller]
    pub fn concat_all(self) -> Flow<ConcatAll<O>>
    where
        O: Observable<Item: Observable<Error = O::Error>>,
    {
        Flow::new(ConcatAll {
            flows: ConcatMap::new("concat_all", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::concat_all`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ConcatAll<O>
    where
        O: Observable,
    {
        #[pin]
        flows: ConcatMap<O, O::Item, ()>,
    }
}

impl<O> Observable for ConcatAll<O>
where
    O: Observable<Item: Observable<Error = O::Error>>,
{
    type Item = <O::Item as Observable>::Item;
    type Error = O::Error;

    delegate!(flows.drain(|(), inner| inner));
}

impl<O: Observable + fmt::Debug> fmt::Debug for ConcatAll<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flows.fmt(f)
    }
}
