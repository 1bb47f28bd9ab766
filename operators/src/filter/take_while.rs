//! `take_while`: lets items pass until one fails a predicate, then completes.

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
    /// Lets items pass as long as `predicate` holds for them, then completes.
    ///
    /// ```text
    /// in   --1--2--3--1--|
    ///        take_while(below 3)
    /// out  --1--2--|
    /// ```
    ///
    /// The first item that it does not hold for is dropped, and the source with it.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let small = (1..).flow().take_while(|n| *n < 4);
    /// assert_eq!(small.collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// # }
    /// ```
    #[track_caller]
    pub fn take_while<F>(self, predicate: F) -> Flow<TakeWhile<O, F>>
    where
        F: FnMut(&O::Item) -> bool,
    {
        Flow::new(TakeWhile {
            stage: Stage::new("take_while", self.into_inner(), predicate),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::take_while`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct TakeWhile<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F> Observable for TakeWhile<O, F>
where
    O: Observable,
    F: FnMut(&O::Item) -> bool,
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
        let mut stage = self.project().stage;
        let mut failed = false;
        let drained = stage.as_mut().drain(cx, |predicate, item| {
            if predicate(&item) {
                emit(item)
            } else {
                failed = true;
                ControlFlow::Break(())
            }
        });
        let drained = ready!(drained)?;
        if failed {
            stage.end();
            return Poll::Ready(Ok(Drained::Completed));
        }
        Poll::Ready(Ok(drained))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for TakeWhile<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
