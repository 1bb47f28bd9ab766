//! `start_with`: puts items in front of a flow.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage, own_items::emit_own};

impl<O: Observable> Flow<O> {
    /// Emits `items` first, then those of the source.
    ///
    /// ```text
    /// in   --1--2--|
    ///        start_with([0])
    /// out  0-1--2--|
    /// ```
    ///
    /// The source is not polled before the items are out. They are pulled from their iterator as they are wanted, so
    /// there may be endlessly many. When the flow is asked to stop, those that are left are not emitted.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing but the iterator.
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
    /// let countdown = ["go"].flow().start_with(["3", "2", "1"]);
    /// assert_eq!(countdown.collect::<Vec<_>>().await, Ok(vec!["3", "2", "1", "go"]));
    /// # }
    /// ```
    #[doc(alias = "prepend")]
    #[doc(alias = "on_start")]
    #[track_caller]
    pub fn start_with<I>(self, items: I) -> Flow<StartWith<O, I::IntoIter>>
    where
        I: IntoIterator<Item = O::Item>,
    {
        Flow::new(StartWith {
            stage: Stage::new("start_with", self.into_inner(), ()),
            items: Some(items.into_iter()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::start_with`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct StartWith<O, I> {
        #[pin]
        stage: Stage<O>,
        items: Option<I>,
    }
}

impl<O, I> Observable for StartWith<O, I>
where
    O: Observable,
    I: Iterator<Item = O::Item>,
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
        if cx.stopping() {
            // It is a source of its own, and sources complete.
            *this.items = None;
        }
        if let ControlFlow::Break(rest) = emit_own(this.items, cx, &mut emit) {
            return Poll::Ready(Ok(rest));
        }
        this.stage.drain(cx, |(), item| emit(item))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, I> fmt::Debug for StartWith<O, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartWith")
            .field("stage", &self.stage)
            .field("started", &self.items.is_none())
            .finish_non_exhaustive()
    }
}
