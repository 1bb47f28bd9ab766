//! `take_while_inclusive`: lets items pass up to and with the first that fails a predicate, then completes.

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
    /// Lets items pass as long as `predicate` holds for them, and the first that it does not hold for; then completes.
    ///
    /// ```text
    /// in   --1--2--3--1--|
    ///        take_while_inclusive(below 3)
    /// out  --1--2--(3|)
    /// ```
    ///
    /// The source is dropped before the last item is handed on. [`take_while`](Self::take_while) drops that item.
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
    /// let replies = ["working", "working", "done", "next"].flow();
    /// let job = replies.take_while_inclusive(|reply| *reply != "done");
    /// assert_eq!(job.collect::<Vec<_>>().await, Ok(vec!["working", "working", "done"]));
    /// # }
    /// ```
    #[doc(alias = "take_while")]
    #[doc(alias = "transform_while")]
    #[track_caller]
    pub fn take_while_inclusive<F>(self, predicate: F) -> Flow<TakeWhileInclusive<O, F>>
    where
        F: FnMut(&O::Item) -> bool,
    {
        Flow::new(TakeWhileInclusive {
            stage: Stage::new("take_while_inclusive", self.into_inner(), predicate),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::take_while_inclusive`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct TakeWhileInclusive<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F> Observable for TakeWhileInclusive<O, F>
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
        let mut last = None;
        let drained = stage.as_mut().drain(cx, |predicate, item| {
            if predicate(&item) {
                emit(item)
            } else {
                last = Some(item);
                ControlFlow::Break(())
            }
        });
        let drained = ready!(drained)?;
        let Some(last) = last else {
            return Poll::Ready(Ok(drained));
        };
        stage.end();
        Poll::Ready(Ok(match emit(last) {
            ControlFlow::Continue(()) => Drained::Completed,
            ControlFlow::Break(()) => Drained::Stopped,
        }))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for TakeWhileInclusive<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
