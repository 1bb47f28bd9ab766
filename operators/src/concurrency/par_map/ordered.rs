//! The jobs of a stage, several at once, whose results are handed on in the order of the items.

use std::{collections::VecDeque, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Fault, Holds, Observable, Plan};

use crate::{Stage, jobs::Jobs, ledger::Ledger};

pin_project! {
    /// An input, the work that is made of its items, and the jobs that do it.
    pub(in crate::concurrency) struct Ordered<O, S, T>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, S>,
        limit: usize,
        jobs: Jobs<u64, T>,
        order: InOrder<T>,
        // Told when all that was pulled is handed on.
        fault: Option<Fault<O::Error>>,
        ledger: Ledger,
    }
}

impl<O: Observable, S, T: Send + 'static> Ordered<O, S, T> {
    pub(in crate::concurrency) fn new(stage: Stage<O, S>, limit: usize) -> Self {
        Self {
            jobs: Jobs::new(stage.id()),
            stage,
            limit,
            order: InOrder::new(),
            fault: None,
            ledger: Ledger::new(),
        }
    }

    /// Drains the results; `start` makes a job of the given number of every item.
    pub(in crate::concurrency) fn poll_drain(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut start: impl FnMut(&mut Jobs<u64, T>, u64, &mut S, O::Item),
        mut emit: impl FnMut(T) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, Fault<O::Error>>> {
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
                        start(jobs, order.add(), work, item);
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

    pub(in crate::concurrency) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(self.limit))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, S, T> Clone for Ordered<O, S, T>
where
    O: Observable + Clone,
    S: Clone,
    T: Send + 'static,
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

/// Shows itself as the operator that it is the whole of.
impl<O: Observable + fmt::Debug, S, T> fmt::Debug for Ordered<O, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.stage.id().name())
            .field("stage", &self.stage)
            .field("limit", &self.limit)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// Results that are made out of order and handed on in order.
#[derive(Clone)]
pub(in crate::concurrency) struct InOrder<T> {
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
    pub(in crate::concurrency) fn new() -> Self {
        Self {
            slots: VecDeque::new(),
            first: 0,
            held: 0,
        }
    }

    /// Adds a slot at the end; gives its number.
    pub(in crate::concurrency) fn add(&mut self) -> u64 {
        self.slots.push_back(Slot::Running);
        self.held += 1;
        self.first + self.slots.len() as u64 - 1
    }

    pub(in crate::concurrency) fn fill(&mut self, number: u64, result: T) {
        *self.slot(number) = Slot::Done(result);
    }

    /// Gives up a slot: there will be no result.
    pub(in crate::concurrency) fn lose(&mut self, number: u64) {
        *self.slot(number) = Slot::Lost;
        self.held -= 1;
    }

    fn slot(&mut self, number: u64) -> &mut Slot<T> {
        let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        &mut self.slots[index]
    }

    /// Takes the first result if it is there.
    pub(in crate::concurrency) fn take_first(&mut self) -> Option<T> {
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
    pub(in crate::concurrency) fn len(&self) -> usize {
        self.held
    }
}
