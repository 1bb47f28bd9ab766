//! `collect`: runs the flow and gathers its items in a collection.

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
    /// Runs the flow and gathers its items in a collection.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        collect
    ///                 [1, 2, 3]
    /// ```
    ///
    /// # Backpressure
    ///
    /// Holds every item; bound an endless flow with [`take`](Flow::take) first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops what was gathered.
    ///
    /// # Errors
    ///
    /// The error of the stream; what was gathered is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeSet;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let set: BTreeSet<_> = [3, 1, 3].flow().collect().await.unwrap();
    /// assert_eq!(set, BTreeSet::from([1, 3]));
    /// # }
    /// ```
    #[doc(alias = "to_vec")]
    #[doc(alias = "to_list")]
    #[track_caller]
    pub fn collect<C>(self) -> Collect<O, C>
    where
        C: Default + Extend<O::Item>,
    {
        Collect {
            stage: Stage::new("collect", self.into_inner(), ()),
            gathered: C::default(),
        }
    }
}

pin_project! {
    /// The future of [`Flow::collect`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Collect<O, C> {
        #[pin]
        stage: Stage<O>,
        gathered: C,
    }
}

impl<O, C> Future for Collect<O, C>
where
    O: Observable,
    C: Default + Extend<O::Item>,
{
    type Output = Result<C, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let gathered = this.gathered;
        let rest = drive_stage(this.stage, task, |(), item| {
            gathered.extend(Some(item));
            ControlFlow::Continue(())
        });
        Poll::Ready(ready!(rest).map(|_| std::mem::take(gathered)))
    }
}

impl<O: fmt::Debug, C> fmt::Debug for Collect<O, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
