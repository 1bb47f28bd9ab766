//! `is_empty`: runs the flow up to its first item and tells whether there is none.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, drive::find_out};

impl<O: Observable> Flow<O> {
    /// Runs the flow up to its first item and tells whether there is none.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        is_empty
    ///        false
    /// ```
    ///
    /// The first item is the end: it and the flow are dropped then.
    ///
    /// # Backpressure
    ///
    /// Pulls one item at most; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the flow.
    ///
    /// # Errors
    ///
    /// The error of a stream that fails before its first item.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!((1..=3).flow().filter(|n| *n > 3).is_empty().await, Ok(true));
    /// assert_eq!((1..).flow().is_empty().await, Ok(false));
    /// # }
    /// ```
    #[doc(alias = "has_elements")]
    #[track_caller]
    pub fn is_empty(self) -> IsEmpty<O> {
        IsEmpty {
            stage: Stage::new("is_empty", self.into_inner(), ()),
        }
    }
}

pin_project! {
    /// The future of [`Flow::is_empty`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct IsEmpty<O> {
        #[pin]
        stage: Stage<O>,
    }
}

impl<O: Observable> Future for IsEmpty<O> {
    type Output = Result<bool, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        find_out(self.project().stage, task, |(), _| true).map_ok(|has_one| !has_one)
    }
}
