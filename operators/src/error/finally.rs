//! `finally`: calls a closure when the flow is over, however that comes.

use std::{fmt, marker::PhantomData, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

/// How a flow came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a, E> {
    /// It completed.
    Completed,
    /// It failed with this error.
    Failed(&'a E),
    /// It was dropped before its end: by hand, with its task, or by an operator further down such as `take`.
    Cancelled,
}

impl<O: Observable> Flow<O> {
    /// Calls `callback` when the flow is over, and tells it whether it completed, failed or was cancelled.
    ///
    /// ```text
    /// in   --1--2--|
    ///        finally(callback)
    /// out  --1--2--|    and callback(Completed)
    /// ```
    ///
    /// It is called exactly once: at the end, or when the flow is dropped before it, also by a panic. Everything before
    /// it has been dropped by then, and the end is handed on after. A flow that was never polled has not begun, so
    /// nothing is called for it; each run of `repeat` and `retry` further down is told of by itself.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost. Dropping the flow calls `callback` with [`Ending::Cancelled`].
    ///
    /// # Errors
    ///
    /// The error of the stream passes, once `callback` has seen it.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{operators::error::Ending, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut told = None;
    /// let numbers = (1..).flow().finally(|ending| told = Some(ending == Ending::Cancelled));
    /// assert_eq!(numbers.take(2).collect::<Vec<_>>().await, Ok(vec![1, 2]));
    /// assert_eq!(told, Some(true));
    /// # }
    /// ```
    #[doc(alias = "finalize")]
    #[doc(alias = "do_finally")]
    #[doc(alias = "on_completion")]
    #[doc(alias = "watch_termination")]
    #[track_caller]
    pub fn finally<F>(self, callback: F) -> Flow<Finally<O, F>>
    where
        F: FnOnce(Ending<'_, O::Error>),
    {
        Flow::new(Finally {
            stage: Stage::new("finally", self.into_inner(), ()),
            callback: Callback {
                closure: Some(callback),
                begun: false,
                error: PhantomData,
            },
        })
    }
}

pin_project! {
    /// The observable of [`Flow::finally`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Finally<O, F>
    where
        O: Observable,
        F: FnOnce(Ending<'_, O::Error>),
    {
        // Dropped before the callback, which then hears of it.
        #[pin]
        stage: Stage<O>,
        callback: Callback<F, O::Error>,
    }
}

impl<O, F> Observable for Finally<O, F>
where
    O: Observable,
    F: FnOnce(Ending<'_, O::Error>),
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
        this.callback.begun = true;
        let drained = this.stage.drain(cx, |(), item| emit(item));
        match &drained {
            Poll::Ready(Ok(Drained::Completed)) => this.callback.call(Ending::Completed),
            Poll::Ready(Err(error)) => this.callback.call(Ending::Failed(error)),
            _ => {}
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

/// A closure that is called once, when it is dropped at the latest, if the flow has begun.
struct Callback<F, E>
where
    F: FnOnce(Ending<'_, E>),
{
    closure: Option<F>,
    begun: bool,
    error: PhantomData<fn(&E)>,
}

impl<F, E> Callback<F, E>
where
    F: FnOnce(Ending<'_, E>),
{
    fn call(&mut self, ending: Ending<'_, E>) {
        if let Some(closure) = self.closure.take() {
            closure(ending);
        }
    }
}

impl<F, E> Drop for Callback<F, E>
where
    F: FnOnce(Ending<'_, E>),
{
    fn drop(&mut self) {
        if self.begun {
            self.call(Ending::Cancelled);
        }
    }
}

impl<F, E> Clone for Callback<F, E>
where
    F: FnOnce(Ending<'_, E>) + Clone,
{
    fn clone(&self) -> Self {
        Self {
            closure: self.closure.clone(),
            begun: self.begun,
            error: PhantomData,
        }
    }
}

impl<O, F> fmt::Debug for Finally<O, F>
where
    O: Observable + fmt::Debug,
    F: FnOnce(Ending<'_, O::Error>),
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
