//! `par_map_unordered`: runs a future for every item, several at once, and hands the results on as they come.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Fault, Holds, Observable, Plan};

use crate::{Flow, Stage, jobs::Jobs, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Runs a future for every item, up to `limit` at once, and hands the results on as they come.
    ///
    /// ```text
    /// in   --1--2--3-----|
    ///        par_map_unordered(2, f)    f(1) takes 6, the others 2
    /// out  -------2(1)-3-|
    /// ```
    ///
    /// Every future runs in a task of its own from the moment its item is pulled, so it progresses while the consumer is
    /// busy. [`par_map`](Flow::par_map) keeps the order of the items.
    ///
    /// # Backpressure
    ///
    /// Holds at most `limit` items, running or done; with that many the source is not polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow aborts the futures; their items are lost, at most `limit`, and counted as cancelled.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the stream, [`Fault::Panicked`] if a future panicked. Either comes after
    /// the results of all other items that were pulled.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0, and when an item comes outside of a tokio runtime. A clone of a flow that runs panics. A
    /// panic of the closure itself, which runs in the task that polls, unwinds through the flow.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// async fn length(word: &'static str) -> usize {
    ///     word.len()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let lengths = ["a", "river", "runs"].flow().par_map_unordered(2, length);
    /// assert_eq!(lengths.fold(0, |sum, n| sum + n).await, Ok(10));
    /// # }
    /// ```
    #[doc(alias = "map_async_unordered")]
    #[doc(alias = "buffer_unordered")]
    #[track_caller]
    pub fn par_map_unordered<F, W>(self, limit: usize, work: F) -> Flow<ParMapUnordered<O, F, W>>
    where
        F: FnMut(O::Item) -> W,
        W: Future<Output: Send + 'static> + Send + 'static,
    {
        assert!(
            limit > 0,
            "par_map_unordered of 0 at once never does anything"
        );
        let stage = Stage::new("par_map_unordered", self.into_inner(), work);
        Flow::new(ParMapUnordered {
            jobs: Jobs::new(stage.id()),
            stage,
            limit,
            fault: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::par_map_unordered`].
    #[must_use = "flows do nothing unless run"]
    pub struct ParMapUnordered<O, F, W>
    where
        O: Observable,
        W: Future,
    {
        #[pin]
        stage: Stage<O, F>,
        limit: usize,
        jobs: Jobs<(), W::Output>,
        // Told when all that was pulled is handed on.
        fault: Option<Fault<O::Error>>,
        ledger: Ledger,
    }
}

impl<O, F, W> Observable for ParMapUnordered<O, F, W>
where
    O: Observable,
    F: FnMut(O::Item) -> W,
    W: Future<Output: Send + 'static> + Send + 'static,
{
    type Item = W::Output;
    type Error = Fault<O::Error>;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(W::Output) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let (jobs, limit) = (this.jobs, *this.limit);
        loop {
            let mut pulled = Poll::Pending;
            let full = jobs.len() >= limit;
            if !full || this.stage.owes_stop(cx) {
                let quota = if full { 0 } else { u32::MAX };
                pulled = cx.limited(quota, |cx| {
                    this.stage.as_mut().drain(cx, |work, item| {
                        this.ledger.receive(1);
                        jobs.spawn((), work(item));
                        if jobs.len() < limit {
                            ControlFlow::Continue(())
                        } else {
                            ControlFlow::Break(())
                        }
                    })
                });
            }
            if let Poll::Ready(Err(error)) = pulled {
                *this.fault = Some(Fault::Upstream(error));
                pulled = Poll::Ready(Ok(Drained::Completed));
            }
            let mut done = false;
            while cx.budget() > 0
                && let Poll::Ready(Some(((), result))) = jobs.poll_next(cx.task())
            {
                done = true;
                match result {
                    Ok(result) => {
                        this.ledger.emit(1);
                        if emit(result).is_break() {
                            return Poll::Ready(Ok(Drained::Stopped));
                        }
                    }
                    Err(panicked) => {
                        this.ledger.drop_items(DropReason::Failed, 1);
                        this.stage.as_mut().end();
                        this.fault.get_or_insert(Fault::Panicked(panicked));
                    }
                }
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if done || matches!(pulled, Poll::Ready(Ok(Drained::Stopped))) {
                continue;
            }
            if !full && matches!(pulled, Poll::Ready(Ok(Drained::Exhausted))) {
                // It had only a share of the budget, and wakes nobody.
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if jobs.len() == 0 && this.stage.is_ended() {
                return Poll::Ready(match this.fault.take() {
                    Some(fault) => Err(fault),
                    None => Ok(Drained::Completed),
                });
            }
            return Poll::Pending;
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(self.limit))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, F, W> Clone for ParMapUnordered<O, F, W>
where
    O: Observable + Clone,
    F: Clone,
    W: Future<Output: Send + 'static>,
{
    fn clone(&self) -> Self {
        Self {
            stage: self.stage.clone(),
            limit: self.limit,
            jobs: self.jobs.clone(),
            fault: None,
            ledger: self.ledger.begin_anew(),
        }
    }
}

impl<O: Observable + fmt::Debug, F, W: Future> fmt::Debug for ParMapUnordered<O, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParMapUnordered")
            .field("stage", &self.stage)
            .field("limit", &self.limit)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}
