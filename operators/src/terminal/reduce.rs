//! `reduce`: runs the flow and gathers all items into one of them.

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
    /// Runs the flow and gathers all items into one, beginning with the first; `None` if there are none.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        reduce(a + n)
    ///                 Some(6)
    /// ```
    ///
    /// To begin with a value of another type see [`fold`](Flow::fold).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the flow and what was gathered.
    ///
    /// # Errors
    ///
    /// The error of the stream; what was gathered is dropped then.
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
    /// let path = ["a", "b", "c"].flow().map(String::from).reduce(|path, part| path + "/" + &part);
    /// assert_eq!(path.await, Ok(Some("a/b/c".to_owned())));
    /// # }
    /// ```
    #[track_caller]
    pub fn reduce<F>(self, gather: F) -> Reduce<O, F>
    where
        F: FnMut(O::Item, O::Item) -> O::Item,
    {
        Reduce {
            stage: Stage::new("reduce", self.into_inner(), gather),
            value: None,
            out: false,
        }
    }
}

pin_project! {
    /// The future of [`Flow::reduce`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Reduce<O, F>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, F>,
        value: Option<O::Item>,
        // The value is handed out, or with the closure: for good if that panics.
        out: bool,
    }
}

impl<O, F> Future for Reduce<O, F>
where
    O: Observable,
    F: FnMut(O::Item, O::Item) -> O::Item,
{
    type Output = Result<Option<O::Item>, O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        assert!(
            !std::mem::replace(this.out, true),
            "{} was polled after it was ready",
            this.stage.id()
        );
        // Kept in a local while the batch runs, where the compiler can hold it in registers.
        let mut local = this.value.take();
        let rest = drive_stage(this.stage, task, |gather, item| {
            local = Some(match local.take() {
                Some(value) => gather(value, item),
                None => item,
            });
            ControlFlow::Continue(())
        });
        if rest.is_pending() {
            *this.value = local;
            *this.out = false;
            return Poll::Pending;
        }
        Poll::Ready(ready!(rest).map(|_| local))
    }
}

impl<O: Observable + fmt::Debug, F> fmt::Debug for Reduce<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
