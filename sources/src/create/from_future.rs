//! `from_future`: the output of a future.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;

/// Emits what the future gives, then completes.
///
/// ```text
///      from_future(--a)
/// out  --(a|)
/// ```
///
/// Completes without an item when it is asked to stop before, and drops the future then.
///
/// # Backpressure
///
/// The future is polled when the consumer wants the item.
///
/// # Cancel safety
///
/// Dropping the flow drops the future.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_future};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let greeting = from_future(async { "hello" });
/// assert_eq!(greeting.collect::<Vec<_>>().await, Ok(vec!["hello"]));
/// # }
/// ```
#[doc(alias = "from")]
#[doc(alias = "from_promise")]
#[doc(alias = "future")]
#[doc(alias = "once")]
#[track_caller]
pub fn from_future<U: Future>(future: U) -> Flow<FromFuture<U, U::Output, Infallible>> {
    FromFuture::new("from_future", future, Ok)
}

/// Emits what the future gives, then completes; fails with its error.
///
/// ```text
///      from_try_future(--#)
/// out  --#
/// ```
///
/// Completes without an item when it is asked to stop before, and drops the future then.
///
/// # Backpressure
///
/// The future is polled when the consumer wants the item.
///
/// # Cancel safety
///
/// Dropping the flow drops the future.
///
/// # Errors
///
/// The error of the future.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_try_future};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let port = from_try_future(async { "80".parse::<u16>() });
/// assert_eq!(port.collect::<Vec<_>>().await, Ok(vec![80]));
/// # }
/// ```
#[doc(alias = "from")]
#[doc(alias = "from_promise")]
#[doc(alias = "try_future")]
#[track_caller]
pub fn from_try_future<U, T, E>(future: U) -> Flow<FromFuture<U, T, E>>
where
    U: Future<Output = Result<T, E>>,
{
    FromFuture::new("from_try_future", future, |result| result)
}

pin_project! {
    /// The observable of [`from_future`] and [`from_try_future`].
    #[must_use = "observables do nothing unless they are polled"]
    pub struct FromFuture<U, T, E>
    where
        U: Future,
    {
        #[pin]
        future: Option<U>,
        result: fn(U::Output) -> Result<T, E>,
        id: StageId,
    }
}

impl<U: Future, T, E> FromFuture<U, T, E> {
    #[track_caller]
    fn new(name: &'static str, future: U, result: fn(U::Output) -> Result<T, E>) -> Flow<Self> {
        Flow::new(Self {
            future: Some(future),
            result,
            id: StageId::here(name),
        })
    }
}

impl<U: Future, T, E> Observable for FromFuture<U, T, E> {
    type Item = T;
    type Error = E;

    fn poll_drain<F>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, E>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let this = self.project();
        let mut slot = this.future;
        if cx.stopping() {
            slot.set(None);
        }
        let Some(future) = slot.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        if cx.budget() == 0 {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        let output = ready!(future.poll(cx.task()));
        slot.set(None);
        let item = (this.result)(output)?;
        cx.spend_many(1);
        Poll::Ready(Ok(if emit(item).is_break() {
            Drained::Stopped
        } else {
            Drained::Completed
        }))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<U: Future + Clone, T, E> Clone for FromFuture<U, T, E> {
    fn clone(&self) -> Self {
        Self {
            future: self.future.clone(),
            ..*self
        }
    }
}

impl<U: Future, T, E> fmt::Debug for FromFuture<U, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("ended", &self.future.is_none())
            .finish_non_exhaustive()
    }
}
