//! `fail_if_empty`: fails if its source has no item.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Lets all items pass; if the source completes without one, fails with the error that `error` makes.
    ///
    /// ```text
    /// in   -----|
    ///        fail_if_empty
    /// out  -----#
    /// ```
    ///
    /// A flow that cannot fail is given an error by [`with_error`](Self::with_error). A source that has had nothing before
    /// a graceful stop is not taken for empty.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// The error of the stream, or that of `error` if it is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let rows = [0; 0].flow().with_error().fail_if_empty(|| "no such user");
    /// assert_eq!(rows.collect::<Vec<_>>().await, Err("no such user"));
    /// # }
    /// ```
    #[doc(alias = "throw_if_empty")]
    #[track_caller]
    pub fn fail_if_empty<F>(self, error: F) -> Flow<FailIfEmpty<O, F>>
    where
        F: FnOnce() -> O::Error,
    {
        Flow::new(FailIfEmpty {
            stage: Stage::new("fail_if_empty", self.into_inner(), ()),
            error: Some(error),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::fail_if_empty`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct FailIfEmpty<O, F> {
        #[pin]
        stage: Stage<O>,
        // There as long as no item has come.
        error: Option<F>,
    }
}

impl<O, F> Observable for FailIfEmpty<O, F>
where
    O: Observable,
    F: FnOnce() -> O::Error,
{
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let this = self.project();
        let error = this.error;
        let drained = ready!(this.stage.drain(cx, |(), item| {
            *error = None;
            emit(item)
        }));
        if drained.is_err() || cx.stopping() {
            *error = None;
        }
        if matches!(drained, Ok(Drained::Completed))
            && let Some(error) = error.take()
        {
            return Poll::Ready(Err(error()));
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for FailIfEmpty<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
