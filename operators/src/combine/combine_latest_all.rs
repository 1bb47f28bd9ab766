//! `combine_latest_all`: the newest items of the inner flows of a flow of flows.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, delegate::delegate, gather::Gather};

use super::CombineLatestMany;

impl<O: Observable> Flow<O> {
    /// Gathers the inner flows and, when this flow has completed, their newest items, whenever one of them has one.
    ///
    /// ```text
    /// in   --x---y--|
    /// x             --a---b--|
    /// y             ----c-----d--|
    ///        combine_latest_all
    /// out  -------------*-*---*--|   [a, c], [b, c], [b, d]
    /// ```
    ///
    /// The inner flows are not polled before; from then on it is as
    /// [`combine_latest`](crate::combine::combine_latest): completes when all of them have completed, or at once when one
    /// completes without an item, or if there are none.
    ///
    /// # Backpressure
    ///
    /// Pulls all inner flows there are and holds them, however many, which the plan shows as a stage without a bound; the
    /// numbers of the stage count each as one item. Then it holds the newest item of each.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the inner flows, and what waits for the first item of another.
    ///
    /// # Errors
    ///
    /// An error of this flow is the end, and the inner flows are dropped unheard. So is an error of an inner flow.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let sensors = ["north", "south"].flow().map(|place| (1..=2).flow().map(move |n| (place, n)));
    /// let newest = sensors.combine_latest_all().map(|all| all.len());
    /// assert_eq!(newest.collect::<Vec<_>>().await, Ok(vec![2, 2]));
    /// # }
    /// ```
    #[track_caller]
    pub fn combine_latest_all<U>(self) -> Flow<CombineLatestAll<O>>
    where
        O: Observable<Item = U>,
        U: Observable<Item: Clone, Error = O::Error>,
    {
        Flow::new(CombineLatestAll {
            inner: Gather::new(
                "combine_latest_all",
                self.into_inner(),
                CombineLatestMany::new,
            ),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::combine_latest_all`].
    #[must_use = "flows do nothing unless run"]
    pub struct CombineLatestAll<O>
    where
        O: Observable,
        O::Item: Observable,
    {
        #[pin]
        inner: Gather<O, CombineLatestMany<O::Item>>,
    }
}

impl<O, U> Observable for CombineLatestAll<O>
where
    O: Observable<Item = U>,
    U: Observable<Item: Clone, Error = O::Error>,
{
    type Item = Vec<U::Item>;
    type Error = O::Error;

    delegate!(inner);
}

impl<O, U> Clone for CombineLatestAll<O>
where
    O: Observable<Item = U> + Clone,
    U: Observable<Item: Clone> + Clone,
{
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<O, U> fmt::Debug for CombineLatestAll<O>
where
    O: Observable<Item = U> + fmt::Debug,
    U: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CombineLatestAll")
            .field(&self.inner)
            .finish()
    }
}
