//! `merge_map`: makes a flow of every item and runs several at once.

mod running;

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

pub(super) use running::{Running, SOURCE, Turn};

/// No limit to how many inner flows run at once, for [`Flow::merge_map`], [`Flow::merge_all`], [`Flow::merge_scan`] and
/// [`Flow::expand`].
pub const UNLIMITED: usize = usize::MAX;

impl<O: Observable> Flow<O> {
    /// Makes a flow of every item and runs up to `limit` of them at once, handing on their items as they come.
    ///
    /// ```text
    /// in   --1---2-----------|
    ///        merge_map(2, n => --n0--n1--n2|)
    /// out  ----10--11-20-12-21--22|
    /// ```
    ///
    /// Inner flows that always have items take turns of 64; of those that wake at one instant the source
    /// goes first, then the oldest. A poll costs what woke, not what there is: ten thousand idle inner flows cost nothing.
    /// [`UNLIMITED`](crate::transform::UNLIMITED) runs as many as come.
    ///
    /// Completes when the source has completed and all inner flows have; an error of any is the end, and the others are
    /// dropped.
    ///
    /// # Backpressure
    ///
    /// While `limit` inner flows run, no item of the source is pulled. Holds up to `limit` inner flows, each of which the numbers
    /// of the stage count as one item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flows themselves may lose.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let pages = (1..=3).flow().merge_map(2, |page| (0..10).flow().map(move |row| (page, row)));
    /// assert_eq!(pages.count().await, Ok(30));
    /// # }
    /// ```
    #[doc(alias = "flat_map")]
    #[doc(alias = "flat_map_merge")]
    #[doc(alias = "flat_map_unordered")]
    #[doc(alias = "flatten_unordered")]
    #[track_caller]
    pub fn merge_map<U, F>(self, limit: usize, project: F) -> Flow<MergeMap<O, U, F>>
    where
        F: FnMut(O::Item) -> U,
        U: Observable<Error = O::Error>,
    {
        Flow::new(MergeMap::new(
            "merge_map",
            self.into_inner(),
            limit,
            project,
        ))
    }
}

pin_project! {
    /// The observable of [`Flow::merge_map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct MergeMap<O, U, S> {
        #[pin]
        stage: Stage<O, S>,
        running: Running<U>,
        limit: usize,
        ledger: Ledger,
    }
}

impl<O, U, S> MergeMap<O, U, S>
where
    O: Observable,
    U: Observable<Error = O::Error>,
{
    /// Creates a stage that is driven by [`drain`](Self::drain).
    #[track_caller]
    pub(super) fn new(name: &'static str, source: O, limit: usize, state: S) -> Self {
        assert!(limit > 0, "{name} of 0 flows at once lets nothing through");
        Self {
            stage: Stage::new(name, source, state),
            running: Running::new(),
            limit,
            ledger: Ledger::new(),
        }
    }

    /// Runs the flows that `project` makes of the items; as long as there will be more, `note` sees what they emit.
    #[inline]
    pub(super) fn drain(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut project: impl FnMut(&mut S, O::Item) -> U,
        mut note: impl FnMut(&mut S, &U::Item),
        mut emit: impl FnMut(U::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let mut this = self.project();
        let running = this.running;
        let limit = *this.limit;
        // Turns that are due even without a budget.
        let mut untold = if cx.stopping() {
            running.tell_to_stop()
        } else {
            0
        };
        running.register(cx.waker());
        let (mut received, mut ended) = (0, 0);
        let outcome = loop {
            let Some((index, turn)) = running.next_turn() else {
                break if this.stage.is_ended() && running.len() == 0 {
                    running.clear();
                    Poll::Ready(Ok(Drained::Completed))
                } else {
                    Poll::Pending
                };
            };
            // A stop is heard by all before an item goes out, as the consumer may break there.
            let turn = if untold > 0 { 0 } else { turn };
            untold = untold.saturating_sub(1);
            if index == SOURCE {
                // With every place taken it is asked without a budget: an error is the end at once.
                let full = running.len() == limit;
                let waker = running.start_source();
                let quota = if full { 0 } else { turn };
                let mut next = None;
                let drained = cx.limited(quota, |cx| {
                    cx.woken_by(waker, |cx| {
                        this.stage.as_mut().drain(cx, |state, item| {
                            next = Some(project(state, item));
                            ControlFlow::Break(())
                        })
                    })
                });
                if let Some(inner) = next {
                    received += 1;
                    running.run_next(inner);
                }
                match drained {
                    Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => {}
                    // It is put in line again when a place is free.
                    Poll::Ready(Ok(Drained::Exhausted)) if full => {}
                    Poll::Ready(Ok(_)) => running.call_source(),
                    Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                }
            } else {
                let full = running.len() == limit;
                let mut state = this.stage.as_mut().state();
                let over = running.poll_turn(index, turn, cx, |item| {
                    if let Some(state) = &mut state {
                        note(state, &item);
                    }
                    emit(item)
                });
                match over {
                    Turn::Over => {}
                    Turn::Completed => {
                        ended += 1;
                        if full {
                            running.call_source();
                        }
                    }
                    Turn::Stopped => break Poll::Ready(Ok(Drained::Stopped)),
                    Turn::Failed(error) => break Poll::Ready(Err(error)),
                }
            }
            if cx.budget() == 0 && untold == 0 {
                break Poll::Ready(Ok(Drained::Exhausted));
            }
        };
        this.ledger.receive(received);
        this.ledger.emit(ended);
        if let Poll::Ready(Err(_)) = outcome {
            this.ledger
                .drop_items(DropReason::Failed, running.len() as u64);
            running.clear();
            this.stage.end();
        }
        outcome
    }

    /// Adds the stage and its source to a plan, whatever drives it.
    pub(super) fn describe(&self, plan: &mut Plan) {
        let holds = if self.limit == UNLIMITED {
            Holds::Unbounded
        } else {
            Holds::Items(self.limit)
        };
        plan.stage(self.stage.id())
            .holds(holds)
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, U, F> Observable for MergeMap<O, U, F>
where
    O: Observable,
    F: FnMut(O::Item) -> U,
    U: Observable<Error = O::Error>,
{
    type Item = U::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(U::Item) -> ControlFlow<()>,
    {
        self.drain(cx, |project, item| project(item), |_, _| {}, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        Self::describe(self, plan);
    }
}

impl<O: fmt::Debug, U, F> fmt::Debug for MergeMap<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeMap")
            .field("stage", &self.stage)
            .field("running", &self.running.len())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
