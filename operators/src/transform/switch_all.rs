//! `switch_all`: runs only the newest of the flows that are the items.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use super::SwitchMap;
use crate::{Flow, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Runs only the newest of the flows that are the items: the one before is dropped.
    ///
    /// ```text
    /// in   --A-------B--------|     A: --1--2--3|   B: --4--5--6|
    ///        switch_all
    /// out  ----1--2----4--5--6|
    /// ```
    ///
    /// It is [`switch_map`](Self::switch_map) for flows that are there already: of several in one poll only the last is run.
    ///
    /// # Backpressure
    ///
    /// Pulls all that the source has, whether or not the inner flow is heard. Holds one inner flow, which the numbers of
    /// the stage count as an item; those that were not run to their end are counted as superseded.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flow itself may lose.
    ///
    /// # Errors
    ///
    /// An error of the source or of the inner flow passes at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let newest = [(0..2).flow(), (10..12).flow()].flow().switch_all();
    /// assert_eq!(newest.collect::<Vec<_>>().await, Ok(vec![10, 11]));
    /// # }
    /// ```
    #[doc(alias = "switch_on_next")]
    #[doc(alias = "switch_latest")]
    #[track_caller]
    pub fn switch_all(self) -> Flow<SwitchAll<O>>
    where
        O: Observable<Item: Observable<Error = O::Error>>,
    {
        Flow::new(SwitchAll {
            flows: SwitchMap::new("switch_all", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::switch_all`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct SwitchAll<O>
    where
        O: Observable,
    {
        #[pin]
        flows: SwitchMap<O, O::Item, ()>,
    }
}

impl<O> Observable for SwitchAll<O>
where
    O: Observable<Item: Observable<Error = O::Error>>,
{
    type Item = <O::Item as Observable>::Item;
    type Error = O::Error;

    delegate!(flows.drain(|(), inner| inner, |(), _| {}));
}

impl<O: Observable + fmt::Debug> fmt::Debug for SwitchAll<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flows.fmt(f)
    }
}
