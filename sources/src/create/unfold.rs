//! `unfold`: the items of a state that goes on by a future.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::Flow;

use super::lazy::Lazy;

/// Emits the item that `step` makes of a state, and goes on with the state that it gives beside it; `None` is the end.
///
/// ```text
///      unfold(1, |n| --(n, n + 1))
/// out  --1-2-3…
/// ```
///
/// A future that can fail gives a `Result` as item, for `raise` or whatever else handles it. Completes too when it is
/// asked to stop; a future that runs is dropped then.
///
/// # Backpressure
///
/// The closure is called when the consumer wants an item. Holds none.
///
/// # Cancel safety
///
/// Dropping the flow drops the future that runs, with the state in it.
///
/// # Panics
///
/// A clone panics once the flow runs: its state may be in a future.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::unfold};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// /// The rows of a page, and the number of the next page.
/// async fn page(number: u32) -> (Vec<u32>, Option<u32>) {
///     (vec![number * 10, number * 10 + 1], (number < 3).then_some(number + 1))
/// }
///
/// let pages = unfold(Some(1), |number| async move {
///     let (rows, next) = page(number?).await;
///     Some((rows, next))
/// });
/// let rows = pages.concat_map(|rows| rows.flow());
/// assert_eq!(rows.collect::<Vec<_>>().await, Ok(vec![10, 11, 20, 21, 30, 31]));
/// # }
/// ```
#[doc(alias = "unfold_async")]
#[doc(alias = "poll_fn")]
#[track_caller]
pub fn unfold<S, T, F, U>(initial: S, step: F) -> Flow<Unfold<S, F, U>>
where
    F: FnMut(S) -> U,
    U: Future<Output = Option<(T, S)>>,
{
    Flow::new(Unfold {
        lazy: Lazy::new("unfold", (initial, step)),
    })
}

pin_project! {
    /// The observable of [`unfold`].
    #[must_use = "observables do nothing unless they are polled"]
    pub struct Unfold<S, F, U> {
        #[pin]
        lazy: Lazy<(S, F), Running<S, F, U>>,
    }
}

pin_project! {
    /// Either the state is there or the future that it is in.
    struct Running<S, F, U> {
        state: Option<S>,
        #[pin]
        future: Option<U>,
        step: F,
    }
}

impl<S, T, F, U> Observable for Unfold<S, F, U>
where
    F: FnMut(S) -> U,
    U: Future<Output = Option<(T, S)>>,
{
    type Item = T;
    type Error = Infallible;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Infallible>>
    where
        E: FnMut(T) -> ControlFlow<()>,
    {
        let mut lazy = self.project().lazy;
        if cx.stopping() {
            lazy.as_mut().end();
        }
        let begin = |(initial, step)| Running {
            state: Some(initial),
            future: None,
            step,
        };
        let Some(running) = lazy.as_mut().run(begin) else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let mut running = running.project();
        while cx.budget() > 0 {
            if let Some(state) = running.state.take() {
                running.future.set(Some((running.step)(state)));
            }
            // There is none only after a panic of the step.
            let next = match running.future.as_mut().as_pin_mut() {
                Some(future) => ready!(future.poll(cx.task())),
                None => None,
            };
            let Some((item, state)) = next else {
                lazy.end();
                return Poll::Ready(Ok(Drained::Completed));
            };
            running.future.set(None);
            *running.state = Some(state);
            cx.spend_many(1);
            if emit(item).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        Poll::Ready(Ok(Drained::Exhausted))
    }

    fn describe(&self, plan: &mut Plan) {
        self.lazy.describe(plan);
    }
}

impl<S: Clone, F: Clone, U> Clone for Unfold<S, F, U> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            lazy: self.lazy.clone(),
        }
    }
}

impl<S, F, U> fmt::Debug for Unfold<S, F, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lazy.fmt(f)
    }
}
