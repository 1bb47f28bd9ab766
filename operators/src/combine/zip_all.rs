//! `zip_all`: zips the inner flows of a flow of flows.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, delegate::delegate, gather::Gather};

use super::ZipMany;

impl<O: Observable> Flow<O> {
    /// Gathers the inner flows and, when this flow has completed, their items: all the first ones, all the second ones.
    ///
    /// ```text
    /// in   --x---y--|
    /// x             --a----b--|
    /// y             ----c--d----e--|
    ///        zip_all
    /// out  -------------*--*--|   [a, c], [b, d]
    /// ```
    ///
    /// The inner flows are not polled before; from then on it is as [`zip`](crate::combine::zip): completes when one of
    /// them has completed and nothing of it waits for the others, at once if there are none.
    ///
    /// # Backpressure
    ///
    /// Pulls all inner flows there are and holds them, however many, which the plan shows as a stage without a bound; the
    /// numbers of the stage count each as one item. Then no flow is ahead of another by more than one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the inner flows, and the items that wait for others.
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
    /// let columns = (1..=2).flow().map(|column| (1..).flow().map(move |row| row * column));
    /// let rows = columns.zip_all().take(3);
    /// assert_eq!(rows.collect::<Vec<_>>().await, Ok(vec![vec![1, 2], vec![2, 4], vec![3, 6]]));
    /// # }
    /// ```
    #[track_caller]
    pub fn zip_all<U>(self) -> Flow<ZipAll<O>>
    where
        O: Observable<Item = U>,
        U: Observable<Error = O::Error>,
    {
        Flow::new(ZipAll {
            inner: Gather::new("zip_all", self.into_inner(), ZipMany::new),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::zip_all`].
    #[must_use = "flows do nothing unless run"]
    pub struct ZipAll<O>
    where
        O: Observable,
        O::Item: Observable,
    {
        #[pin]
        inner: Gather<O, ZipMany<O::Item>>,
    }
}

impl<O, U> Observable for ZipAll<O>
where
    O: Observable<Item = U>,
    U: Observable<Error = O::Error>,
{
    type Item = Vec<U::Item>;
    type Error = O::Error;

    delegate!(inner);
}

impl<O, U> Clone for ZipAll<O>
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

impl<O, U> fmt::Debug for ZipAll<O>
where
    O: Observable<Item = U> + fmt::Debug,
    U: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ZipAll").field(&self.inner).finish()
    }
}
