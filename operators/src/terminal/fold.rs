//! `fold`: runs the flow and gathers all items into one value.

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
    /// Runs the flow and gathers all items into one value.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        fold(0, a + n)
    ///                 6
    /// ```
    ///
    /// # Backpressure
    ///
    /// Holds the value, which grows as far as `gather` lets it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the flow and the value.
    ///
    /// # Errors
    ///
    /// The error of the stream; the value is dropped then.
    ///
    /// # Panics
    ///
    /// Panics if the future is polled after it was ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let longest = ["ox", "heron", "eel"].flow().fold(0, |most, word| most.max(word.len())).await;
    /// assert_eq!(longest, Ok(5));
    /// # }
    /// ```
    #[doc(alias = "aggregate")]
    #[track_caller]
    pub fn fold<A, F>(self, init: A, gather: F) -> Fold<O, A, F>
    where
        F: FnMut(A, O::Item) -> A,
    {
        Fold {
            stage: Stage::new("fold", self.into_inner(), gather),
            value: Some(init),
        }
    }
}

pin_project! {
    /// The future of [`Flow::fold`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Fold<O, A, F> {
        #[pin]
        stage: Stage<O, F>,
        // Taken while the closure works on it, so it is gone for good if that panics.
        value: Option<A>,
    }
}

impl<O, A, F> Future for Fold<O, A, F>
where
    O: Observable,
    F: FnMut(A, O::Item) -> A,
{
    type Output = Result<A, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(value) = this.value.take() else {
            panic!("{} was polled after it was ready", this.stage.id());
        };
        // Kept in a local while the batch runs, where the compiler can hold it in registers.
        let mut local = Some(value);
        let rest = drive_stage(this.stage, task, |gather, item| {
            local = local.take().map(|value| gather(value, item));
            ControlFlow::Continue(())
        });
        if rest.is_pending() {
            *this.value = local;
            return Poll::Pending;
        }
        match (ready!(rest), local) {
            (Ok(_), Some(value)) => Poll::Ready(Ok(value)),
            (Err(error), _) => Poll::Ready(Err(error)),
            (Ok(_), None) => unreachable!("the closure gives back what it takes"),
        }
    }
}

impl<O: fmt::Debug, A: fmt::Debug, F> fmt::Debug for Fold<O, A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold")
            .field("stage", &self.stage)
            .field("value", &self.value)
            .finish()
    }
}
