//! `defer`: a flow that is made when it is wanted.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::Flow;

use super::lazy::Lazy;

/// Makes its flow at the first poll, and is that flow from then on.
///
/// ```text
///      defer(|| --a-b-|)
/// out  --a-b-|
/// ```
///
/// Each clone calls its copy of the closure, so `retry` and `repeat` get a new flow for every attempt, also of what
/// cannot be cloned. Which flow it makes may depend on the moment; where the types of several differ, `boxed` makes them
/// one. Completes when that flow does; when it is asked to stop before the first poll, the closure is not called.
///
/// # Backpressure
///
/// Passes it on; holds no items.
///
/// # Cancel safety
///
/// Nothing is lost but what the flow itself may lose.
///
/// # Errors
///
/// Those of the flow.
///
/// # Panics
///
/// A clone panics once the flow runs.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thalweg::{operators::error::Backoff, prelude::*, sources::defer};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let mut attempts = vec![Ok("connected"), Err("refused")];
/// let attempts = std::sync::Arc::new(std::sync::Mutex::new(attempts));
/// // A stream that cannot be cloned: each attempt opens another.
/// let connection = defer(move || {
///     let attempt = attempts.lock().unwrap().pop();
///     futures_util::stream::iter(attempt).try_flow()
/// });
/// let opened = connection.retry(Backoff::fixed(Duration::from_secs(1)));
/// assert_eq!(opened.collect::<Vec<_>>().await, Ok(vec!["connected"]));
/// # }
/// ```
#[doc(alias = "iif")]
#[doc(alias = "lazy_source")]
#[doc(alias = "from_callable")]
#[track_caller]
pub fn defer<O, F>(make: F) -> Flow<Defer<O, F>>
where
    O: Observable,
    F: FnOnce() -> O,
{
    Flow::new(Defer {
        lazy: Lazy::new("defer", make),
    })
}

pin_project! {
    /// The observable of [`defer`].
    #[must_use = "observables do nothing unless they are polled"]
    pub struct Defer<O, F> {
        #[pin]
        lazy: Lazy<F, O>,
    }
}

impl<O, F> Observable for Defer<O, F>
where
    O: Observable,
    F: FnOnce() -> O,
{
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut lazy = self.project().lazy;
        if cx.stopping() && !lazy.has_begun() {
            lazy.as_mut().end();
        }
        let Some(flow) = lazy.as_mut().run(|make| make()) else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = ready!(flow.poll_drain(cx, emit));
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            lazy.end();
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        self.lazy.describe(plan).inputs(self.lazy.running());
    }
}

impl<O, F: Clone> Clone for Defer<O, F> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            lazy: self.lazy.clone(),
        }
    }
}

impl<O, F> fmt::Debug for Defer<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lazy.fmt(f)
    }
}
