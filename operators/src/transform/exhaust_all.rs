//! `exhaust_all`: runs one of the flows that are the items and ignores those that come meanwhile.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use super::ExhaustMap;
use crate::{Flow, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Runs one of the flows that are the items, and drops those that come while it waits.
    ///
    /// ```text
    /// in   --A---B-----C------|     A: --1--2|   B: --3--4|   C: --5--6|
    ///        exhaust_all
    /// out  ----1--2------5--6-|
    /// ```
    ///
    /// It is [`exhaust_map`](Self::exhaust_map) for flows that are there already.
    ///
    /// # Backpressure
    ///
    /// While the inner flow waits, all that the source has is pulled and dropped, counted as overflow. Holds one inner flow,
    /// which the numbers of the stage count as an item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flow itself may lose.
    ///
    /// # Errors
    ///
    /// An error of the source or of the inner flow passes, as told at [`exhaust_map`](Self::exhaust_map).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::timer};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let slow = |name| timer(Duration::from_secs(1)).map(move |_| name);
    /// let flow = [slow("first"), slow("second")].flow().exhaust_all();
    /// assert_eq!(flow.collect::<Vec<_>>().await, Ok(vec!["first"]));
    /// # }
    /// ```
    #[doc(alias = "exhaust")]
    #[doc(alias = "drop_while_busy")]
    #[track_caller]
    pub fn exhaust_all(self) -> Flow<ExhaustAll<O>>
    where
        O: Observable<Item: Observable<Error = O::Error>>,
    {
        Flow::new(ExhaustAll {
            flows: ExhaustMap::new("exhaust_all", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::exhaust_all`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ExhaustAll<O>
    where
        O: Observable,
    {
        #[pin]
        flows: ExhaustMap<O, O::Item, ()>,
    }
}

impl<O> Observable for ExhaustAll<O>
where
    O: Observable<Item: Observable<Error = O::Error>>,
{
    type Item = <O::Item as Observable>::Item;
    type Error = O::Error;

    delegate!(flows.drain(|(), inner| inner));
}

impl<O: Observable + fmt::Debug> fmt::Debug for ExhaustAll<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flows.fmt(f)
    }
}
