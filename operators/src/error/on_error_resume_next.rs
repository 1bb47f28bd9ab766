//! `on_error_resume_next`: goes on with another flow after the end, be it an error or not.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Goes on with `next` when the flow has completed or failed; `on_error` hears of the error.
    ///
    /// ```text
    /// in   --1--2--#
    /// next         --7--8--|
    ///        on_error_resume_next(next, on_error)
    /// out  --1--2----7--8--|    and on_error(error)
    /// ```
    ///
    /// The source is dropped before `on_error` is called, and `next` is first polled after it. To go on only after an
    /// error see [`catch`](Flow::catch), only after a completion [`concat`](Flow::concat).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing. `next` is not polled before its turn, except once to hear of a stop.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what `next` itself may lose.
    ///
    /// # Errors
    ///
    /// Those of `next`, whose error type may differ; if it cannot fail, the result cannot.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let numbers = ["1", "x", "2"].flow().map(str::parse::<u32>).raise();
    /// let mut seen = Vec::new();
    /// let all = numbers.on_error_resume_next([7, 8].flow(), |error| seen.push(error));
    /// assert_eq!(all.collect::<Vec<_>>().await, Ok(vec![1, 7, 8]));
    /// assert_eq!(seen.len(), 1);
    /// # }
    /// ```
    #[doc(alias = "on_error_resume_next_with")]
    #[track_caller]
    pub fn on_error_resume_next<P, F>(
        self,
        next: P,
        on_error: F,
    ) -> Flow<OnErrorResumeNext<O, P, F>>
    where
        P: Observable<Item = O::Item>,
        F: FnOnce(O::Error),
    {
        Flow::new(OnErrorResumeNext {
            first: Stage::new("on_error_resume_next", self.into_inner(), ()),
            next: Stage::new("on_error_resume_next", next, ()),
            on_error: Some(on_error),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::on_error_resume_next`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct OnErrorResumeNext<O, P, F> {
        #[pin]
        first: Stage<O>,
        #[pin]
        next: Stage<P>,
        // There until the first has ended.
        on_error: Option<F>,
    }
}

impl<O, P, F> Observable for OnErrorResumeNext<O, P, F>
where
    O: Observable,
    P: Observable<Item = O::Item>,
    F: FnOnce(O::Error),
{
    type Item = O::Item;
    type Error = P::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, P::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let first = match this.first.as_mut().drain(cx, |(), item| emit(item)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(drained)) => Poll::Ready(Ok(drained)),
            Poll::Ready(Err(error)) => {
                if let Some(on_error) = this.on_error.take() {
                    on_error(error);
                }
                Poll::Ready(Ok(Drained::Completed))
            }
        };
        let busy = !this.first.is_ended();
        if !busy {
            *this.on_error = None;
        }
        if busy && !this.next.owes_stop(cx) {
            return first;
        }
        let quota = if busy { 0 } else { u32::MAX };
        let next = cx.limited(quota, |cx| this.next.drain(cx, |(), item| emit(item)));
        match next {
            Poll::Ready(Err(_)) => {
                this.first.end();
                *this.on_error = None;
                next
            }
            _ if busy => first,
            _ => next,
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .inputs(self.first.input())
            .inputs(self.next.input());
    }
}

impl<O: fmt::Debug, P: fmt::Debug, F> fmt::Debug for OnErrorResumeNext<O, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnErrorResumeNext")
            .field("first", &self.first)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
