//! `combine_latest` of any number of flows of one type.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan, StageId};

use crate::{
    Flow,
    inputs::{Inputs, QUANTUM},
    ledger::Ledger,
};

use super::newest::{Newest, Tally};

/// Gathers the newest items of any number of flows of one type, whenever one of them has one.
///
/// ```text
/// 1    --a---------b---|
/// 2    ----c|
/// 3    ------d---e---|
///        combine_latest
/// out  ------*---*-*---|   [a, c, d], [a, c, e], [b, c, e]
/// ```
///
/// Nothing is emitted before all have had an item. Completes when all have completed, or at once when one completes
/// without an item; with no inputs at once. Inputs that always have items take turns of 64 in their order. A poll costs
/// what woke, not what there is, and every emission one clone of each of the newest.
///
/// # Backpressure
///
/// Passes it on to all. Holds the newest item of each. What was superseded, or left at the end, without ever having been
/// emitted is counted so.
///
/// # Cancel safety
///
/// Nothing is lost but the copies, and what waits for the first item of another.
///
/// # Errors
///
/// An error of any is the end; the others are dropped.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::combine::combine_latest, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let prices = combine_latest([vec![10], vec![20, 21], vec![30]].map(IntoFlow::flow));
/// let totals = prices.map(|prices| prices.iter().sum::<u32>());
/// assert_eq!(totals.collect::<Vec<_>>().await, Ok(vec![61]));
/// # }
/// ```
#[track_caller]
pub fn combine_latest<O>(inputs: impl IntoIterator<Item = O>) -> Flow<CombineLatestMany<O>>
where
    O: Observable<Item: Clone>,
{
    Flow::new(CombineLatestMany::new(
        StageId::here("combine_latest"),
        inputs,
    ))
}

impl<O: Observable<Item: Clone>> Flow<CombineLatestMany<O>> {
    /// Emits at most once a poll: the newest of all, when none has more at the moment.
    ///
    /// What is replaced before is counted as superseded. Inputs that always have items are not waited for: then it is one
    /// emission for what was pulled with the budget of one poll, about a thousand items.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{operators::combine::combine_latest, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let latest = combine_latest([1, 10, 100].map(|unit| (1..=3).flow().map(move |n| n * unit)));
    /// assert_eq!(latest.settled().collect::<Vec<_>>().await, Ok(vec![vec![3, 30, 300]]));
    /// # }
    /// ```
    #[doc(alias = "glitch_free")]
    pub fn settled(self) -> Self {
        let mut combined = self.into_inner();
        combined.settled = true;
        Self::new(combined)
    }
}

/// The observable of [`combine_latest`].
#[derive(Clone)]
#[must_use = "flows do nothing unless run"]
pub struct CombineLatestMany<O: Observable> {
    inputs: Inputs<O>,
    newest: Vec<Option<Newest<O::Item>>>,
    /// Inputs that have not had an item.
    missing: usize,
    settled: bool,
    ledger: Ledger,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<O: Observable> Unpin for CombineLatestMany<O> {}

impl<O: Observable> CombineLatestMany<O> {
    pub(crate) fn new(id: StageId, inputs: impl IntoIterator<Item = O>) -> Self {
        let inputs = Inputs::of(inputs);
        Self {
            newest: inputs.iter().map(|_| None).collect(),
            missing: inputs.len(),
            inputs,
            settled: false,
            ledger: Ledger::new(),
            id,
        }
    }
}

/// Copies the newest of all; `None` while one is missing.
fn row<T: Clone>(newest: &mut [Option<Newest<T>>], tally: &mut Tally) -> Option<Vec<T>> {
    newest
        .iter_mut()
        .map(|newest| newest.as_mut().map(|newest| newest.copy(tally)))
        .collect()
}

impl<O: Observable<Item: Clone>> Observable for CombineLatestMany<O> {
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
        let (inputs, newest, missing) = (&mut this.inputs, &mut this.newest, &mut this.missing);
        let settled = this.settled;
        let mut tally = Tally::default();
        let mut unsettled = false;
        inputs.begin(cx);
        let mut outcome = loop {
            let visit = inputs.visit(
                cx,
                |_| QUANTUM,
                |index, item| {
                    *missing -= usize::from(tally.take(&mut newest[index], item));
                    if *missing > 0 || settled {
                        unsettled = *missing == 0;
                        return ControlFlow::Continue(());
                    }
                    row(newest, &mut tally).map_or(ControlFlow::Continue(()), &mut emit)
                },
            );
            let Some(visit) = visit else {
                break inputs.rest();
            };
            match visit.drained {
                Poll::Ready(Ok(Drained::Completed)) if newest[visit.index].is_none() => {
                    break visit.drained;
                }
                Poll::Pending | Poll::Ready(Ok(Drained::Completed)) => {}
                Poll::Ready(Ok(Drained::Exhausted)) if !inputs.is_spent(cx) => {}
                rest @ Poll::Ready(_) => break rest,
            }
        };
        let failed = matches!(outcome, Poll::Ready(Err(_)));
        if unsettled
            && !failed
            && let Some(row) = row(newest, &mut tally)
            && emit(row).is_break()
        {
            outcome = Poll::Ready(Ok(Drained::Stopped));
        }
        tally.enter(&mut this.ledger);
        let reason = match outcome {
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            _ => return outcome,
        };
        let unpaired = newest.drain(..).flatten().filter(Newest::is_new).count();
        this.ledger.drop_items(reason, unpaired as u64);
        this.inputs.clear();
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .holds(Holds::Items(self.newest.len()))
            .meter(self.ledger.meter())
            .inputs(self.inputs.iter());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for CombineLatestMany<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CombineLatestMany")
            .field("inputs", &self.inputs)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}
