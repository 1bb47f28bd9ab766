//! `max`: runs the flow and gives its greatest item.

use std::{
    cmp::Ordering,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use super::min::{Compare, Natural};
use crate::{Flow, Stage, drive::drive_stage};

/// [`max`](Self::max) of any flow.
///
/// A trait, because some operators have an option of that name, as `chunks().max(10)`, which as a method of its own goes
/// first. The prelude has it.
pub trait FlowMax {
    /// What the flow is made of.
    type Source: Observable;

    /// Runs the flow and gives its greatest item, the first of equals; `None` if there are none.
    ///
    /// ```text
    /// in   --1--4--3--|
    ///        max
    ///                 Some(4)
    /// ```
    ///
    /// Of equals [`Iterator::max`] gives the last: here a later item must be greater to take the place of an earlier.
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
    /// assert_eq!([1, 4, 3].flow().max().await, Ok(Some(4)));
    /// # }
    /// ```
    fn max(self) -> Max<Self::Source, Natural>
    where
        Self::Source: Observable<Item: Ord>;
}

impl<O: Observable> FlowMax for Flow<O> {
    type Source = O;

    #[track_caller]
    fn max(self) -> Max<O, Natural>
    where
        O: Observable<Item: Ord>,
    {
        Max {
            stage: Stage::new("max", self.into_inner(), Natural(())),
            greatest: None,
        }
    }
}

impl<O: Observable> Flow<O> {
    /// Runs the flow and gives the item that is greatest by `compare`, as [`max`](FlowMax::max) otherwise.
    ///
    /// `compare` is given an item and the greatest so far.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let longest = ["ox", "heron", "eel"].flow().max_by(|a, b| a.len().cmp(&b.len())).await;
    /// assert_eq!(longest, Ok(Some("heron")));
    /// # }
    /// ```
    #[track_caller]
    pub fn max_by<C>(self, compare: C) -> Max<O, C>
    where
        C: FnMut(&O::Item, &O::Item) -> Ordering,
    {
        Max {
            stage: Stage::new("max_by", self.into_inner(), compare),
            greatest: None,
        }
    }
}

pin_project! {
    /// The future of [`FlowMax::max`] and [`Flow::max_by`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Max<O, C>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, C>,
        greatest: Option<O::Item>,
    }
}

impl<O, C> Future for Max<O, C>
where
    O: Observable,
    C: Compare<O::Item>,
{
    type Output = Result<Option<O::Item>, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let greatest = this.greatest;
        let rest = drive_stage(this.stage, task, |compare, item| {
            let is_greater = |greatest| compare.compare(&item, greatest).is_gt();
            if greatest.as_ref().is_none_or(is_greater) {
                *greatest = Some(item);
            }
            ControlFlow::Continue(())
        });
        let greatest = ready!(rest).map(|_| greatest.take());
        Poll::Ready(greatest)
    }
}

impl<O: Observable + fmt::Debug, C> fmt::Debug for Max<O, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
