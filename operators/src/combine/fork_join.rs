//! `fork_join`: the last items of many flows, when all have completed.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan, StageId};

use crate::{
    Flow,
    inputs::{Inputs, QUANTUM},
    ledger::Ledger,
};

/// Runs all of the flows and emits their last items, as one list, when all have completed.
///
/// ```text
/// 1    --a-----b---|
/// 2    ----c|
/// 3    ------d---e--|
///        fork_join
/// out  -------------(*|)   [b, c, e]
/// ```
///
/// Completes without an item at once when one of them does, and if there are none. Inputs that always have items take
/// turns of 64. A poll costs what woke, not what there is.
///
/// # Backpressure
///
/// Pulls all there is; what is not the last of its flow is dropped and counted as superseded. Holds one item of each.
///
/// # Cancel safety
///
/// Dropping the flow drops the items that it holds, and counts them as cancelled.
///
/// # Errors
///
/// An error of any is the end. The others are dropped, and the items that are held are counted as failed.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::combine::fork_join, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let finals = fork_join([vec![1, 2], vec![3], vec![4, 5]].map(IntoFlow::flow));
/// assert_eq!(finals.collect::<Vec<_>>().await, Ok(vec![vec![2, 3, 5]]));
/// # }
/// ```
#[doc(alias = "join_all")]
#[doc(alias = "zip_last")]
#[track_caller]
pub fn fork_join<O: Observable>(inputs: impl IntoIterator<Item = O>) -> Flow<ForkJoin<O>> {
    let inputs = Inputs::of(inputs);
    Flow::new(ForkJoin {
        last: inputs.iter().map(|_| None).collect(),
        inputs,
        ledger: Ledger::new(),
        id: StageId::here("fork_join"),
    })
}

/// The observable of [`fork_join`].
#[derive(Clone)]
#[must_use = "flows do nothing unless run"]
pub struct ForkJoin<O: Observable> {
    inputs: Inputs<O>,
    last: Vec<Option<O::Item>>,
    ledger: Ledger,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<O: Observable> Unpin for ForkJoin<O> {}

impl<O: Observable> Observable for ForkJoin<O> {
    type Item = Vec<O::Item>;
    type Error = O::Error;

    fn poll_drain<E>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(Vec<O::Item>) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let (inputs, last) = (&mut this.inputs, &mut this.last);
        let (mut received, mut superseded) = (0, 0);
        let can_emit = cx.budget() > 0;
        inputs.begin(cx);
        let outcome = loop {
            let visit = inputs.visit(
                cx,
                |_| QUANTUM,
                |index, item| {
                    received += 1;
                    superseded += u64::from(last[index].replace(item).is_some());
                    ControlFlow::Continue(())
                },
            );
            let Some(visit) = visit else {
                break inputs.rest();
            };
            match visit.drained {
                Poll::Ready(Ok(Drained::Completed)) if last[visit.index].is_none() => {
                    break visit.drained;
                }
                Poll::Pending | Poll::Ready(Ok(Drained::Completed)) => {}
                Poll::Ready(Ok(Drained::Exhausted)) if !inputs.is_spent(cx) => {}
                rest @ Poll::Ready(_) => break rest,
            }
        };
        this.ledger.receive(received);
        this.ledger.drop_items(DropReason::Superseded, superseded);
        let reason = match outcome {
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            _ => return outcome,
        };
        let width = last.len();
        let held = last.iter().flatten().count();
        let is_row = reason == DropReason::Unmatched && held == width && width > 0;
        if is_row && !can_emit {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        inputs.clear();
        let row: Vec<_> = std::mem::take(last).into_iter().flatten().collect();
        if is_row {
            this.ledger.emit(held as u64);
            if emit(row).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        } else {
            this.ledger.drop_items(reason, held as u64);
        }
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .holds(Holds::Items(self.last.len()))
            .meter(self.ledger.meter())
            .inputs(self.inputs.iter());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for ForkJoin<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkJoin")
            .field("inputs", &self.inputs)
            .finish_non_exhaustive()
    }
}
