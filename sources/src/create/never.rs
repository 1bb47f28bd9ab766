//! `never`: no item and no end.

use std::{convert::Infallible, fmt, marker::PhantomData, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;

/// Emits nothing and does not end by itself.
///
/// ```text
///      never()
/// out  -----------…
/// ```
///
/// Completes when it is asked to stop.
///
/// # Backpressure
///
/// There is nothing to hold back.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::never};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// // A signal that does not come, in place of one that may.
/// let all = (0..3).flow().take_until(never::<()>());
/// assert_eq!(all.count().await, Ok(3));
/// # }
/// ```
#[doc(alias = "pending")]
#[track_caller]
pub fn never<T>() -> Flow<Never<T>> {
    Flow::new(Never {
        is_ended: false,
        id: StageId::here("never"),
        item: PhantomData,
    })
}

/// The observable of [`never()`].
#[must_use = "observables do nothing unless they are polled"]
pub struct Never<T> {
    is_ended: bool,
    id: StageId,
    item: PhantomData<fn() -> T>,
}

impl<T> Observable for Never<T> {
    type Item = T;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        _emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        self.is_ended |= cx.stopping();
        if self.is_ended {
            Poll::Ready(Ok(Drained::Completed))
        } else {
            Poll::Pending
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<T> Clone for Never<T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T> fmt::Debug for Never<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("never")
            .field("ended", &self.is_ended)
            .finish_non_exhaustive()
    }
}
