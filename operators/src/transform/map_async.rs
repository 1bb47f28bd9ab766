//! `map_async`: makes another item of every item with a future, one at a time.

use std::{fmt, future::Future, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Makes another item of every item with a future, one at a time and in order.
    ///
    /// ```text
    /// in   --1--2--------3--|
    ///        map_async(n => ----n0)
    /// out  ------10--20------30|
    /// ```
    ///
    /// Completes when the source has and the last future is done. A future that can fail gives a `Result` as item, for
    /// `raise` or whatever else handles it. For several futures at once see `par_map`.
    ///
    /// # Backpressure
    ///
    /// While a future runs, the source is not polled. Holds one item, which is in its future.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the future that runs, with its item, which is counted as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes. It cannot come while a future runs, but for a stop: then the future is dropped and
    /// its item counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// async fn price(item: &str) -> usize {
    ///     tokio::task::yield_now().await;
    ///     item.len()
    /// }
    ///
    /// let prices = ["tea", "coffee"].flow().map_async(price);
    /// assert_eq!(prices.collect::<Vec<_>>().await, Ok(vec![3, 6]));
    /// # }
    /// ```
    #[doc(alias = "then")]
    #[track_caller]
    pub fn map_async<U, F>(self, project: F) -> Flow<MapAsync<O, U, F>>
    where
        F: FnMut(O::Item) -> U,
        U: Future,
    {
        Flow::new(MapAsync {
            stage: Stage::new("map_async", self.into_inner(), project),
            future: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::map_async`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct MapAsync<O, U, F> {
        #[pin]
        stage: Stage<O, F>,
        #[pin]
        future: Option<U>,
        ledger: Ledger,
    }
}

impl<O, U, F> Observable for MapAsync<O, U, F>
where
    O: Observable,
    F: FnMut(O::Item) -> U,
    U: Future,
{
    type Item = U::Output;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(U::Output) -> ControlFlow<()>,
    {
        let mut this = self.project();
        // The item was paid for when it came, maybe in an earlier poll; without a budget nothing may go out all the same.
        let may_emit = cx.budget() > 0;
        let (mut received, mut emitted) = (0, 0);
        let outcome = loop {
            let told = !this.stage.owes_stop(cx);
            if let Some(future) = this.future.as_mut().as_pin_mut()
                && told
            {
                if !may_emit {
                    break Poll::Ready(Ok(Drained::Exhausted));
                }
                let Poll::Ready(item) = future.poll(cx.task()) else {
                    break Poll::Pending;
                };
                this.future.set(None);
                emitted += 1;
                if emit(item).is_break() {
                    break Poll::Ready(Ok(Drained::Stopped));
                }
            }
            let busy = this.future.is_some();
            let quota = if busy { 0 } else { u32::MAX };
            let mut next = None;
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |project, item| {
                    next = Some(project(item));
                    ControlFlow::Break(())
                })
            });
            if busy {
                if let Poll::Ready(Err(error)) = drained {
                    this.future.set(None);
                    this.ledger.drop_items(DropReason::Failed, 1);
                    break Poll::Ready(Err(error));
                }
                continue;
            }
            match next {
                Some(future) => {
                    received += 1;
                    this.future.set(Some(future));
                }
                None => break drained,
            }
        };
        this.ledger.receive(received);
        this.ledger.emit(emitted);
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: fmt::Debug, U, F> fmt::Debug for MapAsync<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapAsync")
            .field("stage", &self.stage)
            .field("busy", &self.future.is_some())
            .finish_non_exhaustive()
    }
}
