//! `for_each`: runs the flow and gives every item to a closure.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, drive::drive_stage};

impl<O: Observable> Flow<O> {
    /// Runs the flow and gives every item to `consume`.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        for_each(f)
    ///      f(1) f(2) f(3), then Ok(())
    /// ```
    ///
    /// For a closure that waits see [`for_each_async`](Flow::for_each_async).
    ///
    /// # Backpressure
    ///
    /// The closure sets the pace; nothing is held. After 1,024 items other tasks have their turn.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the flow; no item is lost between the flow and the closure.
    ///
    /// # Errors
    ///
    /// The error of the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut sum = 0;
    /// (1..=3).flow().for_each(|n| sum += n).await;
    /// assert_eq!(sum, 6);
    /// # }
    /// ```
    #[doc(alias = "subscribe")]
    #[track_caller]
    pub fn for_each<F>(self, consume: F) -> ForEach<O, F>
    where
        F: FnMut(O::Item),
    {
        ForEach {
            stage: Stage::new("for_each", self.into_inner(), consume),
        }
    }
}

pin_project! {
    /// The future of [`Flow::for_each`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct ForEach<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F> Future for ForEach<O, F>
where
    O: Observable,
    F: FnMut(O::Item),
{
    type Output = Result<(), O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let rest = drive_stage(self.project().stage, task, |consume, item| {
            consume(item);
            ControlFlow::Continue(())
        });
        Poll::Ready(ready!(rest).map(|_| ()))
    }
}

impl<O: fmt::Debug, F> fmt::Debug for ForEach<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
