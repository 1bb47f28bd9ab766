//! `filter_async`: lets the items pass that a future says yes to, one at a time.

use std::{fmt, future::Future, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Lets the items pass for which the future of `predicate` gives `true`, one at a time and in order.
    ///
    /// ```text
    /// in   --1--2--------3--4--|
    ///        filter_async(n => ---even)
    /// out  --------2-----------4|
    /// ```
    ///
    /// The future may not borrow the item: it takes along what it needs of it. Completes when the source has and the last
    /// future is done.
    ///
    /// # Backpressure
    ///
    /// While a future runs, the source is not polled. Holds one item, the one that is judged; one that does not pass is
    /// counted as rejected.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the future that runs, and its item, which is counted as cancelled.
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
    /// async fn is_in_stock(item: &'static str) -> bool {
    ///     tokio::task::yield_now().await;
    ///     item != "tea"
    /// }
    ///
    /// let offers = ["tea", "coffee"].flow().filter_async(|item| is_in_stock(item));
    /// assert_eq!(offers.collect::<Vec<_>>().await, Ok(vec!["coffee"]));
    /// # }
    /// ```
    #[doc(alias = "filter_when")]
    #[track_caller]
    pub fn filter_async<U, F>(self, predicate: F) -> Flow<FilterAsync<O, U, F>>
    where
        F: FnMut(&O::Item) -> U,
        U: Future<Output = bool>,
    {
        Flow::new(FilterAsync {
            stage: Stage::new("filter_async", self.into_inner(), predicate),
            verdict: None,
            judged: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::filter_async`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct FilterAsync<O, U, F>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, F>,
        #[pin]
        verdict: Option<U>,
        // The item of the verdict that is awaited.
        judged: Option<O::Item>,
        ledger: Ledger,
    }
}

impl<O, U, F> Observable for FilterAsync<O, U, F>
where
    O: Observable,
    F: FnMut(&O::Item) -> U,
    U: Future<Output = bool>,
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
        let mut this = self.project();
        // The item was paid for when it came, maybe in an earlier poll; without a budget nothing may go out all the same.
        let may_emit = cx.budget() > 0;
        let (mut received, mut emitted, mut rejected) = (0, 0, 0);
        let outcome = loop {
            let told = !this.stage.owes_stop(cx);
            if let Some(verdict) = this.verdict.as_mut().as_pin_mut()
                && told
            {
                if !may_emit {
                    break Poll::Ready(Ok(Drained::Exhausted));
                }
                let Poll::Ready(passes) = verdict.poll(cx.task()) else {
                    break Poll::Pending;
                };
                this.verdict.set(None);
                match this.judged.take() {
                    Some(item) if passes => {
                        emitted += 1;
                        if emit(item).is_break() {
                            break Poll::Ready(Ok(Drained::Stopped));
                        }
                    }
                    _ => rejected += 1,
                }
            }
            let busy = this.verdict.is_some();
            let quota = if busy { 0 } else { u32::MAX };
            let mut next = None;
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |predicate, item| {
                    next = Some((predicate(&item), item));
                    ControlFlow::Break(())
                })
            });
            if busy {
                if let Poll::Ready(Err(error)) = drained {
                    this.verdict.set(None);
                    *this.judged = None;
                    this.ledger.drop_items(DropReason::Failed, 1);
                    break Poll::Ready(Err(error));
                }
                continue;
            }
            let Some((verdict, item)) = next else {
                break drained;
            };
            received += 1;
            this.verdict.set(Some(verdict));
            *this.judged = Some(item);
        };
        this.ledger.receive(received);
        this.ledger.emit(emitted);
        this.ledger.drop_items(DropReason::Rejected, rejected);
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug, U, F> fmt::Debug for FilterAsync<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterAsync")
            .field("stage", &self.stage)
            .field("busy", &self.judged.is_some())
            .finish_non_exhaustive()
    }
}
