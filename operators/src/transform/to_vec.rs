//! `to_vec`: gathers all items into one vector.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Gathers all items into one vector, which is emitted at completion, also if it is empty.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        to_vec
    /// out  -----------([1,2,3]|)
    /// ```
    ///
    /// For the vector itself, with no flow around, see [`collect`](Self::collect).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; holds it, without bound.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops what was gathered, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes; what was gathered is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let sorted = [3, 1, 2].flow().to_vec().flat_map_iter(|mut all| {
    ///     all.sort_unstable();
    ///     all
    /// });
    /// assert_eq!(sorted.collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// # }
    /// ```
    #[doc(alias = "to_array")]
    #[doc(alias = "collect_list")]
    #[track_caller]
    pub fn to_vec(self) -> Flow<ToVec<O>> {
        Flow::new(ToVec {
            stage: Stage::new("to_vec", self.into_inner(), ()),
            items: Some(Vec::new()),
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::to_vec`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ToVec<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        // There until the end.
        items: Option<Vec<O::Item>>,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for ToVec<O> {
    type Item = Vec<O::Item>;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(Vec<O::Item>) -> ControlFlow<()>,
    {
        let this = self.project();
        let Some(items) = this.items else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let before = items.len();
        let drained = this.stage.drain(cx, |(), item| {
            items.push(item);
            ControlFlow::Continue(())
        });
        let held = items.len() as u64;
        this.ledger.receive(held - before as u64);
        match drained {
            Poll::Ready(Ok(Drained::Completed)) if cx.budget() == 0 => {
                Poll::Ready(Ok(Drained::Exhausted))
            }
            Poll::Ready(Ok(Drained::Completed)) => {
                this.ledger.emit(held);
                let all = this.items.take().unwrap_or_default();
                Poll::Ready(Ok(match emit(all) {
                    ControlFlow::Continue(()) => Drained::Completed,
                    ControlFlow::Break(()) => Drained::Stopped,
                }))
            }
            Poll::Ready(Err(error)) => {
                this.ledger.drop_items(DropReason::Failed, held);
                *this.items = None;
                Poll::Ready(Err(error))
            }
            drained => drained,
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Unbounded)
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for ToVec<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToVec")
            .field("stage", &self.stage)
            .field("held", &self.items.as_ref().map_or(0, Vec::len))
            .finish_non_exhaustive()
    }
}
