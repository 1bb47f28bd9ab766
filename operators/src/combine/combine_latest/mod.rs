//! `combine_latest`: the newest items of two flows, whenever either has one.

mod many;
mod newest;

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, inputs::QUANTUM, ledger::Ledger};

pub use many::{CombineLatestMany, combine_latest};
use newest::{Newest, Tally};

impl<O: Observable> Flow<O> {
    /// Pairs the newest item of this flow with the newest of `other`, whenever either has one.
    ///
    /// ```text
    /// in     --1-----2-----3--|
    /// other  ----a-----b--|
    ///        combine_latest
    /// out    ----1a--2a2b--3b-|
    /// ```
    ///
    /// Nothing is emitted before both have had an item. Completes when both have completed, or at once when one completes
    /// without an item. Two flows that always have items take turns of 64, beginning with this one. For many flows of one
    /// type see [`combine_latest`](crate::combine::combine_latest).
    ///
    /// Where both have one source, as two subscriptions of a `share` do, every item of it makes two pairs, the first of
    /// which holds an old half; [`settled`](Flow::settled) leaves that one out.
    ///
    /// # Backpressure
    ///
    /// Passes it on to both. Holds a copy of the newest item of each. What was superseded, or left at the end, without
    /// ever having had a partner is counted so.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the copies: an item is paired and handed on in one step.
    ///
    /// # Errors
    ///
    /// An error of either is the end; the other is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let widths = [3].flow();
    /// let heights = [1, 2].flow();
    /// let areas = widths.combine_latest(heights).map(|(width, height)| width * height);
    /// assert_eq!(areas.collect::<Vec<_>>().await, Ok(vec![3, 6]));
    /// # }
    /// ```
    #[doc(alias = "combine_latest_with")]
    #[doc(alias = "combine")]
    #[doc(alias = "zip_latest")]
    #[track_caller]
    pub fn combine_latest<P>(self, other: P) -> Flow<CombineLatest<O, P>>
    where
        O: Observable<Item: Clone>,
        P: Observable<Item: Clone, Error = O::Error>,
    {
        Flow::new(CombineLatest {
            first: Stage::new("combine_latest", self.into_inner(), ()),
            second: Stage::new("combine_latest", other, ()),
            left: None,
            right: None,
            second_has_turn: false,
            turn: QUANTUM,
            settled: false,
            ledger: Ledger::new(),
        })
    }
}

impl<O, P> Flow<CombineLatest<O, P>>
where
    O: Observable<Item: Clone>,
    P: Observable<Item: Clone, Error = O::Error>,
{
    /// Emits at most one pair a poll: the newest of both, when neither has more at the moment.
    ///
    /// What is replaced before is counted as superseded. Two flows that always have items are not waited for: then it is
    /// one pair for what was pulled with the budget of one poll, about a thousand items.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let ups = (1..=3).flow();
    /// let downs = (1..=3).flow().map(|n| -n);
    /// let sums = ups.combine_latest(downs).settled();
    /// assert_eq!(sums.collect::<Vec<_>>().await, Ok(vec![(3, -3)]));
    /// # }
    /// ```
    #[doc(alias = "glitch_free")]
    pub fn settled(self) -> Self {
        let mut combined = self.into_inner();
        combined.settled = true;
        Self::new(combined)
    }
}

pin_project! {
    /// The observable of [`Flow::combine_latest`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct CombineLatest<O, P>
    where
        O: Observable,
        P: Observable,
    {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
        left: Option<Newest<O::Item>>,
        right: Option<Newest<P::Item>>,
        second_has_turn: bool,
        // What is left of the turn, so that a break does not change who is next.
        turn: u32,
        settled: bool,
        ledger: Ledger,
    }
}

/// Emits the pair, if there is one and it is not the one before.
#[inline]
fn pair<A: Clone, B: Clone>(
    left: &mut Option<Newest<A>>,
    right: &mut Option<Newest<B>>,
    tally: &mut Tally,
    emit: &mut impl FnMut((A, B)) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match (left, right) {
        (Some(one), Some(other)) if one.is_new() || other.is_new() => {
            emit((one.copy(tally), other.copy(tally)))
        }
        _ => ControlFlow::Continue(()),
    }
}

impl<O, P> Observable for CombineLatest<O, P>
where
    O: Observable<Item: Clone>,
    P: Observable<Item: Clone, Error = O::Error>,
{
    type Item = (O::Item, P::Item);
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut((O::Item, P::Item)) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let (left, right) = (this.left, this.right);
        let settled = *this.settled;
        let mut tally = Tally::default();
        // How many inputs in a row had nothing to give.
        let mut dry = 0;
        let outcome = loop {
            // A stop is heard by both before an item goes out, as the consumer may break there.
            let first_owes = this.first.owes_stop(cx);
            let tells = first_owes || this.second.owes_stop(cx);
            let quota = if tells { 0 } else { *this.turn };
            let second = if tells {
                !first_owes
            } else {
                *this.second_has_turn
            };
            let before = cx.budget();
            let drained = cx.limited(quota, |cx| {
                if second {
                    this.second.as_mut().drain(cx, |(), item| {
                        tally.take(right, item);
                        if settled {
                            return ControlFlow::Continue(());
                        }
                        pair(left, right, &mut tally, &mut emit)
                    })
                } else {
                    this.first.as_mut().drain(cx, |(), item| {
                        tally.take(left, item);
                        if settled {
                            return ControlFlow::Continue(());
                        }
                        pair(left, right, &mut tally, &mut emit)
                    })
                }
            });
            if tells && !matches!(drained, Poll::Ready(Err(_))) {
                continue;
            }
            *this.turn -= before - cx.budget();
            let has_more = matches!(
                drained,
                Poll::Ready(Ok(Drained::Stopped | Drained::Exhausted))
            );
            if *this.turn == 0 || !has_more {
                *this.second_has_turn ^= true;
                *this.turn = QUANTUM;
            }
            match drained {
                Poll::Ready(Ok(Drained::Exhausted)) if cx.budget() == 0 => {
                    break drained;
                }
                Poll::Ready(Ok(Drained::Exhausted)) => dry = 0,
                Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => dry += 1,
                Poll::Ready(Ok(Drained::Stopped) | Err(_)) => break drained,
            }
            let (first_ended, second_ended) = (this.first.is_ended(), this.second.is_ended());
            let never_pairs = first_ended && left.is_none() || second_ended && right.is_none();
            if never_pairs || first_ended && second_ended {
                break Poll::Ready(Ok(Drained::Completed));
            }
            if dry == 2 {
                break Poll::Pending;
            }
        };
        let failed = matches!(outcome, Poll::Ready(Err(_)));
        let broke = settled && !failed && pair(left, right, &mut tally, &mut emit).is_break();
        tally.enter(this.ledger);
        let reason = match outcome {
            _ if broke => return Poll::Ready(Ok(Drained::Stopped)),
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            _ => return outcome,
        };
        let unpaired = [
            left.take().is_some_and(|newest| newest.is_new()),
            right.take().is_some_and(|newest| newest.is_new()),
        ];
        this.ledger
            .drop_items(reason, unpaired.map(u64::from).iter().sum());
        this.first.end();
        this.second.end();
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .holds(Holds::Items(2))
            .meter(self.ledger.meter())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}

impl<O, P> fmt::Debug for CombineLatest<O, P>
where
    O: Observable + fmt::Debug,
    P: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CombineLatest")
            .field("first", &self.first)
            .field("second", &self.second)
            .field("left", &self.left.is_some())
            .field("right", &self.right.is_some())
            .finish_non_exhaustive()
    }
}
