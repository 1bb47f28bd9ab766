//! `any`: runs the flow and tells whether an item passes a test.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, drive::find_out};

impl<O: Observable> Flow<O> {
    /// Runs the flow and tells whether an item passes a test; `false` if there are none.
    ///
    /// ```text
    /// in   --1--3--4--5--|
    ///        any(is even)
    ///              true
    /// ```
    ///
    /// The first item that passes is the end: the flow is dropped then.
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
    /// assert_eq!([1, 3].flow().any(|n| n % 2 == 0).await, Ok(false));
    /// assert_eq!((0..).flow().any(|n| *n > 10).await, Ok(true));
    /// # }
    /// ```
    #[doc(alias = "some")]
    #[track_caller]
    pub fn any<P>(self, passes: P) -> Any<O, P>
    where
        P: FnMut(&O::Item) -> bool,
    {
        Any {
            stage: Stage::new("any", self.into_inner(), passes),
        }
    }
}

pin_project! {
    /// The future of [`Flow::any`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Any<O, P> {
        #[pin]
        stage: Stage<O, P>,
    }
}

impl<O, P> Future for Any<O, P>
where
    O: Observable,
    P: FnMut(&O::Item) -> bool,
{
    type Output = Result<bool, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        find_out(self.project().stage, task, |passes, item| passes(&item))
    }
}

impl<O: fmt::Debug, P> fmt::Debug for Any<O, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
