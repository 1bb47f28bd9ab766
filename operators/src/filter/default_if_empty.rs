//! `default_if_empty`: emits an item of its own if its source has none.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Lets all items pass; if the source completes without one, emits `item` instead.
    ///
    /// ```text
    /// in   -----|
    ///        default_if_empty(0)
    /// out  -----(0|)
    /// ```
    ///
    /// A source that has had nothing before a graceful stop is not taken for empty.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing but `item`, until the first comes.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let large = [3, 5].flow().filter(|n| *n > 100).default_if_empty(100);
    /// assert_eq!(large.collect::<Vec<_>>().await, Ok(vec![100]));
    /// # }
    /// ```
    #[doc(alias = "on_empty")]
    #[doc(alias = "or_else")]
    #[track_caller]
    pub fn default_if_empty(self, item: O::Item) -> Flow<DefaultIfEmpty<O>> {
        Flow::new(DefaultIfEmpty {
            stage: Stage::new("default_if_empty", self.into_inner(), ()),
            default: Some(item),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::default_if_empty`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct DefaultIfEmpty<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        // There as long as no item has come.
        default: Option<O::Item>,
    }
}

impl<O: Observable> Observable for DefaultIfEmpty<O> {
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
        let default = this.default;
        let drained = ready!(this.stage.drain(cx, |(), item| {
            *default = None;
            emit(item)
        }));
        if drained.is_err() || cx.stopping() {
            *default = None;
        }
        if matches!(drained, Ok(Drained::Completed)) && default.is_some() {
            if !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if let Some(item) = default.take()
                && emit(item).is_break()
            {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for DefaultIfEmpty<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
