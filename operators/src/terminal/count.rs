//! `count`: runs the flow and counts its items.

use std::{
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, drive::drive_stage};

impl<O: Observable> Flow<O> {
    /// Runs the flow and counts its items.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        count
    ///                 3
    /// ```
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; holds a number.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the flow.
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
    /// assert_eq!((0..10).flow().filter(|n| n % 3 == 0).count().await, Ok(4));
    /// # }
    /// ```
    #[track_caller]
    pub fn count(self) -> Count<O> {
        Count {
            stage: Stage::new("count", self.into_inner(), ()),
            items: 0,
        }
    }
}

pin_project! {
    /// The future of [`Flow::count`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Count<O> {
        #[pin]
        stage: Stage<O>,
        items: u64,
    }
}

impl<O> Future for Count<O>
where
    O: Observable,
{
    type Output = Result<u64, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut items = 0;
        let rest = drive_stage(this.stage, task, |(), _| {
            items += 1;
            ControlFlow::Continue(())
        });
        *this.items += items;
        Poll::Ready(ready!(rest).map(|_| *this.items))
    }
}
