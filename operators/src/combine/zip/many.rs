//! `zip` of any number of flows of one type.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan, StageId};

use crate::{
    Flow,
    inputs::{Inputs, QUANTUM},
    ledger::Ledger,
};

/// Gathers the items of any number of flows of one type: all the first ones, all the second ones.
///
/// ```text
/// 1    --a-----b---|
/// 2    ----c---d--|
/// 3    ------e---f---|
///        zip
/// out  ------*---*|   [a, c, e], [b, d, f]
/// ```
///
/// Completes when one of them has completed and nothing of it waits for the others; those are dropped. What waits of them
/// is dropped too and counted as unmatched, at most one item of each. With no inputs it completes at once. A poll costs
/// what woke, not what there is.
///
/// # Backpressure
///
/// Passes it on to all: no flow is ahead of another by more than one item. Holds one item of each but one.
///
/// # Cancel safety
///
/// Dropping the flow drops the items that wait for others, and counts them as cancelled.
///
/// # Errors
///
/// An error of any is the end. The others are dropped, and the items that wait are counted as failed. While an item of a
/// flow waits, that flow is not polled: an error behind it comes when the item has gone out.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::combine::zip, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let columns = [["a", "b"], ["c", "d"], ["e", "f"]].map(IntoFlow::flow);
/// let rows = zip(columns).map(|row| row.concat());
/// assert_eq!(rows.collect::<Vec<_>>().await, Ok(vec!["ace".to_owned(), "bdf".to_owned()]));
/// # }
/// ```
#[track_caller]
pub fn zip<O: Observable>(inputs: impl IntoIterator<Item = O>) -> Flow<ZipMany<O>> {
    Flow::new(ZipMany::new(StageId::here("zip"), inputs))
}

/// The observable of [`zip`].
#[derive(Clone)]
#[must_use = "flows do nothing unless run"]
pub struct ZipMany<O: Observable> {
    inputs: Inputs<O>,
    waiting: Vec<Option<O::Item>>,
    /// Inputs of which no item waits.
    missing: usize,
    ledger: Ledger,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<O: Observable> Unpin for ZipMany<O> {}

impl<O: Observable> ZipMany<O> {
    pub(crate) fn new(id: StageId, inputs: impl IntoIterator<Item = O>) -> Self {
        let inputs = Inputs::of(inputs);
        Self {
            waiting: inputs.iter().map(|_| None).collect(),
            missing: inputs.len(),
            inputs,
            ledger: Ledger::new(),
            id,
        }
    }
}

impl<O: Observable> Observable for ZipMany<O> {
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
        let (inputs, waiting, missing) = (&mut this.inputs, &mut this.waiting, &mut this.missing);
        let width = waiting.len();
        let (mut received, mut rows) = (0, 0);
        inputs.begin(cx);
        let outcome = loop {
            let mut filled = None;
            let visit = inputs.visit(
                cx,
                |index| if waiting[index].is_none() { QUANTUM } else { 0 },
                |_, item| {
                    filled = Some(item);
                    ControlFlow::Break(())
                },
            );
            let Some(visit) = visit else {
                break inputs.rest();
            };
            if filled.is_some() {
                received += 1;
                *missing -= 1;
                waiting[visit.index] = filled;
            }
            match visit.drained {
                Poll::Ready(Ok(Drained::Completed)) if waiting[visit.index].is_none() => {
                    break visit.drained;
                }
                Poll::Ready(Ok(Drained::Exhausted)) if inputs.is_spent(cx) => break visit.drained,
                Poll::Ready(Err(_)) => break visit.drained,
                Poll::Pending | Poll::Ready(Ok(_)) if *missing > 0 => {}
                Poll::Pending | Poll::Ready(Ok(_)) => {
                    rows += 1;
                    *missing = width;
                    let broke = emit(waiting.iter_mut().filter_map(Option::take).collect());
                    if inputs.len() < width {
                        // One has ended, and nothing of it waits now.
                        inputs.clear();
                    } else {
                        inputs.again_all();
                    }
                    if broke.is_break() {
                        break Poll::Ready(Ok(Drained::Stopped));
                    }
                }
            }
        };
        this.ledger.receive(received);
        this.ledger.emit(rows * width as u64);
        let reason = match outcome {
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            _ => return outcome,
        };
        let left = waiting.drain(..).flatten().count();
        this.ledger.drop_items(reason, left as u64);
        this.inputs.clear();
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .holds(Holds::Items(self.waiting.len().saturating_sub(1)))
            .meter(self.ledger.meter())
            .inputs(self.inputs.iter());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for ZipMany<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZipMany")
            .field("inputs", &self.inputs)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}
