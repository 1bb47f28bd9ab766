//! `every`: runs the flow and tells whether all items pass a test.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, drive::find_out};

/// [`every`](Self::every) of any flow.
///
/// A trait, because some operators have an option of that name, as `buffer_count(4).every(2)`, which as a method of its
/// own goes first. The prelude has it.
pub trait FlowEvery {
    /// What the flow is made of.
    type Source: Observable;

    /// Runs the flow and tells whether all items pass a test; `true` if there are none.
    ///
    /// ```text
    /// in   --2--4--5--6--|
    ///        every(is even)
    ///              false
    /// ```
    ///
    /// The first item that does not pass is the end: the flow is dropped then.
    ///
    /// # Backpressure
    ///
    /// Pulls no more than it takes to know; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the flow.
    ///
    /// # Errors
    ///
    /// The error of the stream, if no item before it has decided.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!([2, 4].flow().every(|n| n % 2 == 0).await, Ok(true));
    /// assert_eq!((0..).flow().every(|n| *n < 10).await, Ok(false));
    /// # }
    /// ```
    #[doc(alias = "all")]
    fn every<P>(self, passes: P) -> Every<Self::Source, P>
    where
        P: FnMut(&<Self::Source as Observable>::Item) -> bool;
}

impl<O: Observable> FlowEvery for Flow<O> {
    type Source = O;

    #[track_caller]
    fn every<P>(self, passes: P) -> Every<O, P>
    where
        P: FnMut(&O::Item) -> bool,
    {
        Every {
            stage: Stage::new("every", self.into_inner(), passes),
        }
    }
}

pin_project! {
    /// The future of [`FlowEvery::every`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Every<O, P> {
        #[pin]
        stage: Stage<O, P>,
    }
}

impl<O, P> Future for Every<O, P>
where
    O: Observable,
    P: FnMut(&O::Item) -> bool,
{
    type Output = Result<bool, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        find_out(self.project().stage, task, |passes, item| !passes(&item))
            .map_ok(|one_fails| !one_fails)
    }
}

impl<O: fmt::Debug, P> fmt::Debug for Every<O, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
