//! `fail`: an error and nothing before it.

use std::{fmt, marker::PhantomData, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;

/// Fails at once with `error`.
///
/// ```text
///      fail(error)
/// out  #
/// ```
///
/// Completes in place of that when it is asked to stop before.
///
/// # Backpressure
///
/// There is nothing to hold back.
///
/// # Cancel safety
///
/// An error that was not told is dropped with the flow.
///
/// # Errors
///
/// The one it was given.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::fail};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let flow = (1..=2).flow().with_error().concat(fail("no more numbers"));
/// let mut seen = Vec::new();
/// assert_eq!(flow.for_each(|n| seen.push(n)).await, Err("no more numbers"));
/// assert_eq!(seen, [1, 2]);
/// # }
/// ```
#[doc(alias = "throw_error")]
#[doc(alias = "throw")]
#[doc(alias = "error")]
#[doc(alias = "failed")]
#[track_caller]
pub fn fail<T, E>(error: E) -> Flow<Fail<T, E>> {
    Flow::new(Fail {
        error: Some(error),
        id: StageId::here("fail"),
        item: PhantomData,
    })
}

/// The observable of [`fail`].
#[must_use = "observables do nothing unless they are polled"]
pub struct Fail<T, E> {
    error: Option<E>,
    id: StageId,
    item: PhantomData<fn() -> T>,
}

// The error is never pinned.
impl<T, E> Unpin for Fail<T, E> {}

impl<T, E> Observable for Fail<T, E> {
    type Item = T;
    type Error = E;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        _emit: F,
    ) -> Poll<Result<Drained, E>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let error = self.error.take().filter(|_| !cx.stopping());
        Poll::Ready(error.map_or(Ok(Drained::Completed), Err))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<T, E: Clone> Clone for Fail<T, E> {
    fn clone(&self) -> Self {
        Self {
            error: self.error.clone(),
            ..*self
        }
    }
}

impl<T, E: fmt::Debug> fmt::Debug for Fail<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("fail")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
