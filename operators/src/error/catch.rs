//! `catch`: goes on with another flow after an error.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Goes on with the flow that `handler` makes of the error, in place of failing.
    ///
    /// ```text
    /// in   --1--2--#
    ///        catch(|_| --7--8--|)
    /// out  --1--2----7--8--|
    /// ```
    ///
    /// The source is dropped before `handler` is called, and what it makes is polled at once. To run the same flow again
    /// see [`retry`](Flow::retry).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the other flow itself may lose.
    ///
    /// # Errors
    ///
    /// Those of the other flow, whose error type may differ; if it cannot fail, the result cannot.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let numbers = ["1", "x", "2"].flow().map(str::parse::<u32>).raise();
    /// let never_fails = numbers.catch(|_| [0].flow());
    /// assert_eq!(never_fails.collect::<Vec<_>>().await, Ok(vec![1, 0]));
    /// # }
    /// ```
    #[doc(alias = "catch_error")]
    #[doc(alias = "on_error_resume")]
    #[doc(alias = "on_error_return")]
    #[doc(alias = "recover_with")]
    #[doc(alias = "or_else")]
    #[track_caller]
    pub fn catch<P, F>(self, handler: F) -> Flow<Catch<O, P, F>>
    where
        F: FnOnce(O::Error) -> P,
        P: Observable<Item = O::Item>,
    {
        Flow::new(Catch {
            stage: Stage::new("catch", self.into_inner(), ()),
            handler: Some(handler),
            other: None,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::catch`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Catch<O, P, F> {
        #[pin]
        stage: Stage<O>,
        handler: Option<F>,
        #[pin]
        other: Option<P>,
    }
}

impl<O, P, F> Observable for Catch<O, P, F>
where
    O: Observable,
    F: FnOnce(O::Error) -> P,
    P: Observable<Item = O::Item>,
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
        if this.other.is_none() {
            match this.stage.drain(cx, |(), item| emit(item)) {
                Poll::Ready(Err(error)) => {
                    this.other
                        .set(this.handler.take().map(|handler| handler(error)));
                }
                Poll::Ready(Ok(drained)) => {
                    if drained == Drained::Completed {
                        *this.handler = None;
                    }
                    return Poll::Ready(Ok(drained));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        let Some(other) = this.other.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = other.poll_drain(cx, emit);
        if matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_))) {
            this.other.set(None);
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        // There is one of them at a time.
        plan.stage(self.stage.id())
            .inputs(self.stage.input())
            .inputs(self.other.as_ref());
    }
}

impl<O: fmt::Debug, P: fmt::Debug, F> fmt::Debug for Catch<O, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catch")
            .field("stage", &self.stage)
            .field("other", &self.other)
            .finish_non_exhaustive()
    }
}
