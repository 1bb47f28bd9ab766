//! An observable of a type that is not spelled out.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use crate::{Cx, Drained, Observable, Plan};

/// An owned observable whose type is erased: one allocation, and a virtual call an item.
///
/// It is `Send`, so that it can move to another task. Holds no items of its own.
///
/// # Examples
///
/// ```
/// use thalweg::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// fn numbers(even: bool) -> BoxFlow<'static, u32, Infallible> {
///     let all = (0..6).flow();
///     if even { all.filter(|n| n % 2 == 0).boxed() } else { all.boxed() }
/// }
/// assert_eq!(numbers(true).collect::<Vec<_>>().await, Ok(vec![0, 2, 4]));
/// # }
/// ```
#[must_use = "observables do nothing unless they are polled"]
pub struct BoxObservable<'a, T, E> {
    inner: Pin<Box<dyn Erased<T, E> + Send + 'a>>,
}

impl<'a, T, E> BoxObservable<'a, T, E> {
    /// Erases the type of `observable`.
    pub fn new(observable: impl Observable<Item = T, Error = E> + Send + 'a) -> Self {
        Self {
            inner: Box::pin(observable),
        }
    }
}

impl<T, E> Observable for BoxObservable<'_, T, E> {
    type Item = T;
    type Error = E;

    #[inline]
    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, E>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        self.inner.as_mut().poll_erased(cx, &mut emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.inner.describe_erased(plan);
    }
}

impl<T, E> fmt::Debug for BoxObservable<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxObservable").finish_non_exhaustive()
    }
}

/// The contract with its closure erased too, which is what makes it usable as `dyn`.
trait Erased<T, E> {
    fn poll_erased(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: &mut dyn FnMut(T) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, E>>;

    fn describe_erased(&self, plan: &mut Plan);
}

impl<O: Observable> Erased<O::Item, O::Error> for O {
    fn poll_erased(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: &mut dyn FnMut(O::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        self.poll_drain(cx, emit)
    }

    fn describe_erased(&self, plan: &mut Plan) {
        self.describe(plan);
    }
}
