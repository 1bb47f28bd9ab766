//! `par_map`: runs a future for every item, several at once, and keeps the order.

use std::{collections::VecDeque, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Fault, Holds, Observable, Plan};

use crate::{Flow, Stage, jobs::Jobs, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Runs a future for every item, up to `limit` at once, and hands the results on in the order of the items.
    ///
    /// ```text
    /// in   --1--2--3-----|
    ///        par_map(2, f)    f(1) takes 6, the others 2
    /// out  --------(12)-3|
    /// ```
    ///
    /// Every future runs in a task of its own from the moment its item is pulled, so it progresses while the consumer is
    /// busy. If the order does not matter, [`par_map_unordered`](Flow::par_map_unordered) does not wait for the slowest.
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
    /// let lengths = ["a", "river", "runs"].flow().par_map(2, length);
    /// assert_eq!(lengths.collect::<Vec<_>>().await, Ok(vec![1, 5, 4]));
    /// # }
    /// ```
    #[doc(alias = "map_async")]
    #[doc(alias = "flat_map_sequential")]
    #[doc(alias = "buffered")]
    #[track_caller]
    pub fn par_map<F, W>(self, limit: usize, work: F) -> Flow<ParMap<O, F, W>>
    where
        F: FnMut(O::Item) -> W,
        W: Future<Output: Send + 'static> + Send + 'static,
    {
        assert!(limit > 0, "par_map of 0 at once never does anything");
        let stage = Stage::new("par_map", self.into_inner(), work);
        Flow::new(ParMap {
            jobs: Jobs::new(stage.id()),
            stage,
            limit,
            order: InOrder::new(),
            fault: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::par_map`].
    #[must_use = "flows do nothing unless run"]
    pub struct ParMap<O, F, W>
    where
        O: Observable,
        W: Future,
    {
        #[pin]
        stage: Stage<O, F>,
        limit: usize,
        jobs: Jobs<u64, W::Output>,
        order: InOrder<W::Output>,
        // Told when all that was pulled is handed on.
        fault: Option<Fault<O::Error>>,
        ledger: Ledger,
    }
}

impl<O, F, W> Observable for ParMap<O, F, W>
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
        let (jobs, order, limit) = (this.jobs, this.order, *this.limit);
        loop {
            // The source hears of a stop before what is done goes out, as the consumer may break.
            let tells = this.stage.owes_stop(cx);
            while cx.budget() > 0
                && !tells
                && let Some(result) = order.take_first()
            {
                this.ledger.emit(1);
                if emit(result).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            let mut pulled = Poll::Pending;
            let full = order.len() >= limit;
            if !full || tells {
                let quota = if full { 0 } else { u32::MAX };
                pulled = cx.limited(quota, |cx| {
                    this.stage.as_mut().drain(cx, |work, item| {
                        this.ledger.receive(1);
                        jobs.spawn(order.add(), work(item));
                        if order.len() < limit {
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
            while let Poll::Ready(Some((number, result))) = jobs.poll_next(cx.task()) {
                done = true;
                match result {
                    Ok(result) => order.fill(number, result),
                    Err(panicked) => {
                        order.lose(number);
                        this.ledger.drop_items(DropReason::Failed, 1);
                        this.stage.as_mut().end();
                        this.fault.get_or_insert(Fault::Panicked(panicked));
                    }
                }
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if done || tells || matches!(pulled, Poll::Ready(Ok(Drained::Stopped))) {
                continue;
            }
            if !full && matches!(pulled, Poll::Ready(Ok(Drained::Exhausted))) {
                // It had only a share of the budget, and wakes nobody.
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if order.len() == 0 && this.stage.is_ended() {
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

/// Results that are made out of order and handed on in order.
#[derive(Clone)]
pub(super) struct InOrder<T> {
    slots: VecDeque<Slot<T>>,
    /// The number of the first slot.
    first: u64,
    /// Slots that are not lost.
    held: usize,
}

#[derive(Clone)]
enum Slot<T> {
    Running,
    Done(T),
    Lost,
}

impl<T> InOrder<T> {
    pub(super) fn new() -> Self {
        Self {
            slots: VecDeque::new(),
            first: 0,
            held: 0,
        }
    }

    /// Adds a slot at the end; gives its number.
    pub(super) fn add(&mut self) -> u64 {
        self.slots.push_back(Slot::Running);
        self.held += 1;
        self.first + self.slots.len() as u64 - 1
    }

    pub(super) fn fill(&mut self, number: u64, result: T) {
        *self.slot(number) = Slot::Done(result);
    }

    /// Gives up a slot: there will be no result.
    pub(super) fn lose(&mut self, number: u64) {
        *self.slot(number) = Slot::Lost;
        self.held -= 1;
    }

    fn slot(&mut self, number: u64) -> &mut Slot<T> {
        let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        &mut self.slots[index]
    }

    /// Takes the first result if it is there.
    pub(super) fn take_first(&mut self) -> Option<T> {
        loop {
            if let Slot::Running = self.slots.front()? {
                return None;
            }
            self.first += 1;
            if let Some(Slot::Done(result)) = self.slots.pop_front() {
                self.held -= 1;
                return Some(result);
            }
        }
    }

    /// Counts the slots that run or are done.
    pub(super) fn len(&self) -> usize {
        self.held
    }
}

impl<O, F, W> Clone for ParMap<O, F, W>
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
            order: InOrder::new(),
            fault: None,
            ledger: self.ledger.begin_anew(),
        }
    }
}

impl<O: Observable + fmt::Debug, F, W: Future> fmt::Debug for ParMap<O, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParMap")
            .field("stage", &self.stage)
            .field("limit", &self.limit)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}
