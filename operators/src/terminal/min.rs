//! `min`: runs the flow and gives its smallest item.

use std::{
    cmp::Ordering,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, drive::drive_stage};

impl<O: Observable> Flow<O> {
    /// Runs the flow and gives its smallest item, the first of equals; `None` if there are none.
    ///
    /// ```text
    /// in   --4--1--3--|
    ///        min
    ///                 Some(1)
    /// ```
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the flow and the item.
    ///
    /// # Errors
    ///
    /// The error of the stream; the item is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!([4, 1, 3].flow().min().await, Ok(Some(1)));
    /// # }
    /// ```
    #[track_caller]
    pub fn min(self) -> Min<O, Natural>
    where
        O: Observable<Item: Ord>,
    {
        Min {
            stage: Stage::new("min", self.into_inner(), Natural(())),
            least: None,
        }
    }

    /// Runs the flow and gives the item that is smallest by `compare`, as [`min`](Flow::min) otherwise.
    ///
    /// `compare` is given an item and the smallest so far.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let coldest = [4.5, -1.5, 3.0].flow().min_by(f64::total_cmp).await;
    /// assert_eq!(coldest, Ok(Some(-1.5)));
    /// # }
    /// ```
    #[track_caller]
    pub fn min_by<C>(self, compare: C) -> Min<O, C>
    where
        C: FnMut(&O::Item, &O::Item) -> Ordering,
    {
        Min {
            stage: Stage::new("min_by", self.into_inner(), compare),
            least: None,
        }
    }
}

/// Puts two items in order.
///
/// Closures of the same form implement it.
pub trait Compare<T> {
    /// Compares an item with another.
    fn compare(&mut self, item: &T, other: &T) -> Ordering;
}

/// The order of the items themselves, for [`Flow::min`] and [`FlowMax::max`](super::FlowMax::max).
#[derive(Clone, Copy, Debug)]
pub struct Natural(pub(super) ());

impl<T: Ord> Compare<T> for Natural {
    #[inline]
    fn compare(&mut self, item: &T, other: &T) -> Ordering {
        item.cmp(other)
    }
}

impl<T, C> Compare<T> for C
where
    C: FnMut(&T, &T) -> Ordering,
{
    #[inline]
    fn compare(&mut self, item: &T, other: &T) -> Ordering {
        self(item, other)
    }
}

pin_project! {
    /// The future of [`Flow::min`] and [`Flow::min_by`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Min<O, C>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, C>,
        least: Option<O::Item>,
    }
}

impl<O, C> Future for Min<O, C>
where
    O: Observable,
    C: Compare<O::Item>,
{
    type Output = Result<Option<O::Item>, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let least = this.least;
        let rest = drive_stage(this.stage, task, |compare, item| {
            let is_less = |least| compare.compare(&item, least).is_lt();
            if least.as_ref().is_none_or(is_less) {
                *least = Some(item);
            }
            ControlFlow::Continue(())
        });
        let least = ready!(rest).map(|_| least.take());
        Poll::Ready(least)
    }
}

impl<O: Observable + fmt::Debug, C> fmt::Debug for Min<O, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
