//! `with_latest_from`: pairs every item with the newest of another flow.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Pairs every item of this flow with the newest of `other`, which by itself emits nothing.
    ///
    /// ```text
    /// in     --1----2-3-----4--|
    /// other  ----a-----b-c|
    ///        with_latest_from
    /// out    -------2a-3a---4c-|
    /// ```
    ///
    /// An item that comes before `other` has had one is dropped. At every poll `other` goes first, so at one instant its
    /// newest item counts. Completes when this flow does; when `other` completes, its last item goes on to count, and if it
    /// had none nothing is ever emitted.
    ///
    /// # Backpressure
    ///
    /// Passes it on to this flow; of `other` it pulls all there is, with half of the budget at most. Holds a copy of the
    /// newest item of `other`. An item of `other` that was replaced, and one of this flow that came too early, without
    /// ever having had a partner, are counted as superseded and unmatched.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the copy: an item of this flow is paired and handed on in one step.
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
    /// let rates = [1.1, 1.2].flow();
    /// let prices = [10.0, 20.0].flow().with_latest_from(rates).map(|(price, rate)| price * rate);
    /// assert_eq!(prices.collect::<Vec<f64>>().await, Ok(vec![12.0, 24.0]));
    /// # }
    /// ```
    #[track_caller]
    pub fn with_latest_from<P>(self, other: P) -> Flow<WithLatestFrom<O, P>>
    where
        P: Observable<Item: Clone, Error = O::Error>,
    {
        Flow::new(WithLatestFrom {
            stage: Stage::new("with_latest_from", self.into_inner(), ()),
            other: Stage::new("with_latest_from", other, ()),
            newest: None,
            is_unpaired: false,
            other_is_first: true,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::with_latest_from`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct WithLatestFrom<O, P>
    where
        P: Observable,
    {
        #[pin]
        stage: Stage<O>,
        #[pin]
        other: Stage<P>,
        newest: Option<P::Item>,
        // Whether the newest item has had no partner so far.
        is_unpaired: bool,
        other_is_first: bool,
        ledger: Ledger,
    }
}

impl<O, P> Observable for WithLatestFrom<O, P>
where
    O: Observable,
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
        // One that is never dry leaves this flow its half; both have the odd unit in turn.
        let odd = cx.budget() % 2 * u32::from(*this.other_is_first);
        let share = cx.budget() / 2 + odd;
        *this.other_is_first ^= true;
        let newest = &mut *this.newest;
        let mut renewed = 0;
        let other = cx.limited(share, |cx| {
            this.other.as_mut().drain(cx, |(), item| {
                renewed += 1;
                *newest = Some(item);
                ControlFlow::Continue(())
            })
        });
        if renewed > 0 {
            let superseded = renewed - 1 + u64::from(*this.is_unpaired);
            *this.is_unpaired = true;
            this.ledger.receive(renewed);
            this.ledger.drop_items(DropReason::Superseded, superseded);
        }
        let other_has_more = matches!(other, Poll::Ready(Ok(Drained::Exhausted)));
        let (mut paired, mut early) = (0, 0);
        let outcome = if let Poll::Ready(Err(_)) = other {
            other
        } else {
            this.stage.as_mut().drain(cx, |(), item| {
                if let Some(newest) = newest {
                    paired += 1;
                    emit((item, newest.clone()))
                } else {
                    early += 1;
                    ControlFlow::Continue(())
                }
            })
        };
        let partner = paired > 0 && std::mem::take(this.is_unpaired);
        this.ledger.receive(paired + early);
        this.ledger.emit(paired + u64::from(partner));
        this.ledger.drop_items(DropReason::Unmatched, early);
        let reason = match outcome {
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            Poll::Pending if other_has_more => return Poll::Ready(Ok(Drained::Exhausted)),
            _ => return outcome,
        };
        let left = std::mem::take(this.is_unpaired);
        this.ledger.drop_items(reason, u64::from(left));
        *newest = None;
        this.stage.end();
        this.other.end();
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input())
            .inputs(self.other.input());
    }
}

impl<O, P> fmt::Debug for WithLatestFrom<O, P>
where
    O: fmt::Debug,
    P: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithLatestFrom")
            .field("stage", &self.stage)
            .field("other", &self.other)
            .field("newest", &self.newest.is_some())
            .finish_non_exhaustive()
    }
}
