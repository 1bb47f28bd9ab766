//! `flat_map_iter`: makes several items of every item.

use std::{fmt, marker::PhantomData, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable};

use super::ConcatMap;
use crate::{Flow, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Makes an iterator of every item and emits what it has.
    ///
    /// ```text
    /// in   --1-----2-----|
    ///        flat_map_iter(n => [n, n * 10])
    /// out  --(1 10)(2 20)|
    /// ```
    ///
    /// An iterator spends budget for its items, so an endless one yields to the runtime. It is no source: on a graceful stop
    /// what is left of it still comes, unlike with [`concat_map`](Self::concat_map) of a flow. One that has no end thus
    /// does not stop.
    ///
    /// # Backpressure
    ///
    /// While an iterator has items, none of the source is pulled. Holds one iterator and no items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the iterator with what is left of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let words = ["to the", "sea"].flow().flat_map_iter(str::split_whitespace);
    /// assert_eq!(words.collect::<Vec<_>>().await, Ok(vec!["to", "the", "sea"]));
    /// # }
    /// ```
    #[doc(alias = "map_concat")]
    #[doc(alias = "flat_map_iterable")]
    #[doc(alias = "flat_map")]
    #[doc(alias = "concat_map")]
    #[track_caller]
    pub fn flat_map_iter<I, F>(self, project: F) -> Flow<FlatMapIter<O, I::IntoIter, F>>
    where
        F: FnMut(O::Item) -> I,
        I: IntoIterator,
    {
        Flow::new(FlatMapIter {
            iterators: ConcatMap::new("flat_map_iter", self.into_inner(), project),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::flat_map_iter`].
    #[must_use = "flows do nothing unless run"]
    pub struct FlatMapIter<O, I, F>
    where
        O: Observable,
    {
        #[pin]
        iterators: ConcatMap<O, Rest<I, O::Error>, F>,
    }
}

impl<O, I, F> Observable for FlatMapIter<O, I::IntoIter, F>
where
    O: Observable,
    F: FnMut(O::Item) -> I,
    I: IntoIterator,
{
    type Item = I::Item;
    type Error = O::Error;

    delegate!(iterators.drain(|project, item| Rest::of(project(item))));
}

impl<O, I, F> Clone for FlatMapIter<O, I, F>
where
    O: Observable + Clone,
    I: Clone,
    F: Clone,
{
    fn clone(&self) -> Self {
        Self {
            iterators: self.iterators.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug, I, F> fmt::Debug for FlatMapIter<O, I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iterators.fmt(f)
    }
}

/// What is left of an iterator; a stop does not end it.
struct Rest<I, E> {
    iter: I,
    error: PhantomData<fn() -> E>,
}

// The iterator is never pinned.
impl<I, E> Unpin for Rest<I, E> {}

impl<I, E> Rest<I, E> {
    fn of(items: impl IntoIterator<IntoIter = I>) -> Self {
        Self {
            iter: items.into_iter(),
            error: PhantomData,
        }
    }
}

impl<I: Iterator, E> Observable for Rest<I, E> {
    type Item = I::Item;
    type Error = E;

    #[inline]
    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, E>>
    where
        F: FnMut(I::Item) -> ControlFlow<()>,
    {
        let budget = cx.budget();
        if budget == 0 {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        let mut left = budget;
        let drained = self.iter.try_for_each(|item| {
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
            ControlFlow::Continue(()) => Drained::Completed,
        }))
    }
}

impl<I: Clone, E> Clone for Rest<I, E> {
    fn clone(&self) -> Self {
        Self {
            iter: self.iter.clone(),
            error: PhantomData,
        }
    }
}
