//! `.flow()` on iterators, streams and observables.

use std::{
    convert::Infallible,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

use crate::Flow;

/// Makes a [`Flow`] of whatever has items: an iterator, a stream, an observable.
///
/// `Kind` says which of the three it is; it is always inferred.
///
/// # Examples
///
/// ```
/// use thalweg::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let from_iterator = [1, 2].flow();
/// let from_stream = tokio_stream::iter([3, 4]).flow();
/// let both = from_iterator.concat(from_stream);
/// assert_eq!(both.collect::<Vec<_>>().await, Ok(vec![1, 2, 3, 4]));
/// # }
/// ```
pub trait IntoFlow<Kind>: Sized {
    /// The observable below the flow.
    type Source: Observable;

    /// Puts the operators on it.
    fn flow(self) -> Flow<Self::Source>;
}

/// [`IntoFlow`] by way of [`IntoIterator`].
#[derive(Debug)]
pub struct IterKind(());

/// [`IntoFlow`] by way of [`Stream`].
#[derive(Debug)]
pub struct StreamKind(());

/// [`IntoFlow`] by way of [`Observable`].
#[derive(Debug)]
pub struct ObservableKind(());

impl<I: IntoIterator> IntoFlow<IterKind> for I {
    type Source = FromIter<I::IntoIter>;

    #[track_caller]
    fn flow(self) -> Flow<Self::Source> {
        Flow::new(FromIter::named("iter", self))
    }
}

impl<S: Stream> IntoFlow<StreamKind> for S {
    type Source = FromStream<S>;

    #[track_caller]
    fn flow(self) -> Flow<Self::Source> {
        Flow::new(FromStream {
            stream: Some(self),
            id: StageId::here("stream"),
        })
    }
}

impl<O: Observable> IntoFlow<ObservableKind> for O {
    type Source = O;

    fn flow(self) -> Flow<O> {
        Flow::new(self)
    }
}

/// Makes a [`Flow`] of a stream of results whose first error is its end.
///
/// # Examples
///
/// ```
/// use thalweg::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let stream = tokio_stream::iter([Ok(1), Err("broken"), Ok(2)]);
/// assert_eq!(stream.try_flow().collect::<Vec<_>>().await, Err("broken"));
/// # }
/// ```
pub trait TryIntoFlow: TryStream + Sized {
    /// Puts the operators on the stream; its error becomes the error of the flow.
    #[track_caller]
    fn try_flow(self) -> Flow<FromTryStream<Self>> {
        Flow::new(FromTryStream {
            stream: Some(self),
            id: StageId::here("try_stream"),
        })
    }
}

impl<S: TryStream> TryIntoFlow for S {}

/// The items of an iterator.
///
/// Spends budget for each, so an endless iterator yields to the runtime. Completes when it is asked to stop.
#[derive(Clone)]
#[must_use = "observables do nothing unless they are polled"]
pub struct FromIter<I> {
    iter: Option<I>,
    id: StageId,
}

// The iterator is never pinned.
impl<I> Unpin for FromIter<I> {}

impl<I: Iterator> FromIter<I> {
    /// Takes the items under a name of their own, for sources that are iterators; the place is the caller's.
    #[track_caller]
    pub fn named(name: &'static str, items: impl IntoIterator<IntoIter = I>) -> Self {
        Self {
            iter: Some(items.into_iter()),
            id: StageId::here(name),
        }
    }
}

impl<I: Iterator> Observable for FromIter<I> {
    type Item = I::Item;
    type Error = Infallible;

    #[inline]
    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(I::Item) -> ControlFlow<()>,
    {
        if cx.stopping() {
            self.iter = None;
        }
        let Some(iter) = &mut self.iter else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let budget = cx.budget();
        if budget == 0 {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        let mut left = budget;
        let drained = iter.try_for_each(|item| {
            left -= 1;
            if emit(item).is_break() {
                ControlFlow::Break(Drained::Stopped)
            } else if left == 0 {
                ControlFlow::Break(Drained::Exhausted)
            } else {
                ControlFlow::Continue(())
            }
        });
        cx.spend_many(budget - left);
        Poll::Ready(Ok(match drained {
            ControlFlow::Break(drained) => drained,
            ControlFlow::Continue(()) => {
                self.iter = None;
                Drained::Completed
            }
        }))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<I> fmt::Debug for FromIter<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("ended", &self.iter.is_none())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The items of a [`Stream`]. Completes when it is asked to stop.
    #[derive(Clone)]
    #[must_use = "observables do nothing unless they are polled"]
    pub struct FromStream<S> {
        #[pin]
        stream: Option<S>,
        id: StageId,
    }
}

impl<S: Stream> Observable for FromStream<S> {
    type Item = S::Item;
    type Error = Infallible;

    fn poll_drain<F>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(S::Item) -> ControlFlow<()>,
    {
        let mut slot = self.project().stream;
        if cx.stopping() {
            slot.set(None);
        }
        while let Some(stream) = slot.as_mut().as_pin_mut() {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            match ready!(stream.poll_next(cx.task())) {
                Some(item) => {
                    cx.spend_many(1);
                    if emit(item).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                None => slot.set(None),
            }
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<S> fmt::Debug for FromStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromStream")
            .field("ended", &self.stream.is_none())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The items of a stream of results; the first error is the end. Completes when it is asked to stop.
    #[derive(Clone)]
    #[must_use = "observables do nothing unless they are polled"]
    pub struct FromTryStream<S> {
        #[pin]
        stream: Option<S>,
        id: StageId,
    }
}

impl<S: TryStream> Observable for FromTryStream<S> {
    type Item = S::Ok;
    type Error = S::Error;

    fn poll_drain<F>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, S::Error>>
    where
        F: FnMut(S::Ok) -> ControlFlow<()>,
    {
        let mut slot = self.project().stream;
        if cx.stopping() {
            slot.set(None);
        }
        while let Some(stream) = slot.as_mut().as_pin_mut() {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            match ready!(stream.try_poll_next(cx.task())) {
                Some(Ok(item)) => {
                    cx.spend_many(1);
                    if emit(item).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Some(Err(error)) => {
                    slot.set(None);
                    return Poll::Ready(Err(error));
                }
                None => slot.set(None),
            }
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<S> fmt::Debug for FromTryStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromTryStream")
            .field("ended", &self.stream.is_none())
            .finish_non_exhaustive()
    }
}
