//! `merge_sorted`: two flows that are in order, as one that is.

use std::{cmp::Ordering, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Merges this flow and `other`, each of which is in order, into one that is in order.
    ///
    /// ```text
    /// in     --1---4-----6--|
    /// other  ----2---3-5-----(7|)
    ///        merge_sorted
    /// out    ----1-2-3-4-5---(67|)
    /// ```
    ///
    /// An item goes out when it is known to be the least, that is when the other flow has one too, or has ended. Of equals
    /// the one of this flow goes first. If an input is not in order neither is the result, but nothing is lost. Completes
    /// when both have.
    ///
    /// # Backpressure
    ///
    /// Passes it on to both, and waits for both. Holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of either is the end. The other is dropped, and the item that waits is counted as failed. While an item
    /// of a flow waits, that flow is not polled: an error behind it comes when the item has gone out.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let merged = [1, 4, 6].flow().merge_sorted([2, 3, 5].flow());
    /// assert_eq!(merged.collect::<Vec<_>>().await, Ok(vec![1, 2, 3, 4, 5, 6]));
    /// # }
    /// ```
    #[doc(alias = "merge_comparing")]
    #[doc(alias = "merge_ordered")]
    #[track_caller]
    pub fn merge_sorted<P>(self, other: P) -> Flow<MergeSorted<O, P, NaturalOrder>>
    where
        O: Observable<Item: Ord>,
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        let first = Stage::new("merge_sorted", self.into_inner(), ());
        let second = Stage::new("merge_sorted", other, ());
        Flow::new(MergeSorted::new(first, second, NaturalOrder(())))
    }

    /// Merges this flow and `other`, each of which is in the order of `compare`, into one that is.
    ///
    /// ```text
    /// in     --5--3--|
    /// other  --4-----(1|)
    ///        merge_sorted_by(greater first)
    /// out    --5--4--(31|)
    /// ```
    ///
    /// All else is as in [`merge_sorted`](Self::merge_sorted).
    ///
    /// # Backpressure
    ///
    /// Passes it on to both, and waits for both. Holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits, and counts it as cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let here = [(1, "rain"), (9, "sun")].flow();
    /// let there = [(4, "hail")].flow();
    /// let weather = here.merge_sorted_by(there, |one, other| one.0.cmp(&other.0));
    /// assert_eq!(weather.map(|(_, what)| what).collect::<Vec<_>>().await, Ok(vec!["rain", "hail", "sun"]));
    /// # }
    /// ```
    #[track_caller]
    pub fn merge_sorted_by<P, F>(self, other: P, compare: F) -> Flow<MergeSorted<O, P, F>>
    where
        P: Observable<Item = O::Item, Error = O::Error>,
        F: FnMut(&O::Item, &O::Item) -> Ordering,
    {
        let first = Stage::new("merge_sorted_by", self.into_inner(), ());
        let second = Stage::new("merge_sorted_by", other, ());
        Flow::new(MergeSorted::new(first, second, compare))
    }
}

/// What [`MergeSorted`] takes for the order: [`NaturalOrder`], or a closure.
pub trait Order<T> {
    /// Compares an item of the first flow with one of the second.
    fn compare(&mut self, one: &T, other: &T) -> Ordering;
}

/// The order of [`Ord`], for [`Flow::merge_sorted`].
#[derive(Clone, Copy, Debug)]
pub struct NaturalOrder(());

impl<T: Ord> Order<T> for NaturalOrder {
    #[inline]
    fn compare(&mut self, one: &T, other: &T) -> Ordering {
        one.cmp(other)
    }
}

impl<T, F: FnMut(&T, &T) -> Ordering> Order<T> for F {
    #[inline]
    fn compare(&mut self, one: &T, other: &T) -> Ordering {
        self(one, other)
    }
}

pin_project! {
    /// The observable of [`Flow::merge_sorted`] and [`Flow::merge_sorted_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct MergeSorted<O, P, C>
    where
        O: Observable,
    {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
        // There until the end.
        order: Option<C>,
        left: Option<O::Item>,
        right: Option<O::Item>,
        ledger: Ledger,
    }
}

impl<O: Observable, P, C> MergeSorted<O, P, C> {
    fn new(first: Stage<O>, second: Stage<P>, order: C) -> Self {
        Self {
            first,
            second,
            order: Some(order),
            left: None,
            right: None,
            ledger: Ledger::new(),
        }
    }
}

impl<O, P, C> Observable for MergeSorted<O, P, C>
where
    O: Observable,
    P: Observable<Item = O::Item, Error = O::Error>,
    C: Order<O::Item>,
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
        let Some(order) = this.order else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let (left, right) = (this.left, this.right);
        // What was held before is not handed on without a budget; what comes in this poll has paid.
        let can_emit = cx.budget() > 0;
        let waited = u64::from(left.is_some()) + u64::from(right.is_some());
        let mut emitted = 0;
        let outcome = loop {
            // A side that is busy without an item, as a filter can be, leaves the other its half.
            let share = cx.budget().div_ceil(2);
            let first = cx.limited(share, |cx| this.first.as_mut().fill(left, cx));
            let second = match first {
                Poll::Ready(Err(_)) => Poll::Pending,
                _ => this.second.as_mut().fill(right, cx),
            };
            if let Poll::Ready(Err(_)) = first {
                break first;
            }
            if let Poll::Ready(Err(_)) = second {
                break second;
            }
            let least = match (&*left, &*right) {
                (Some(one), Some(other)) if order.compare(one, other).is_le() => &mut *left,
                (Some(_), Some(_)) => &mut *right,
                (Some(_), None) if this.second.is_ended() => &mut *left,
                (None, Some(_)) if this.first.is_ended() => &mut *right,
                (None, None) if this.first.is_ended() && this.second.is_ended() => {
                    break Poll::Ready(Ok(Drained::Completed));
                }
                _ if is_exhausted(&first) || is_exhausted(&second) => {
                    break Poll::Ready(Ok(Drained::Exhausted));
                }
                _ => break Poll::Pending,
            };
            if !can_emit {
                break Poll::Ready(Ok(Drained::Exhausted));
            }
            if let Some(item) = least.take() {
                emitted += 1;
                if emit(item).is_break() {
                    break Poll::Ready(Ok(Drained::Stopped));
                }
            }
        };
        let waiting = u64::from(left.is_some()) + u64::from(right.is_some());
        this.ledger.receive(emitted + waiting - waited);
        this.ledger.emit(emitted);
        if let Poll::Ready(Err(_) | Ok(Drained::Completed)) = outcome {
            this.ledger.drop_items(DropReason::Failed, waiting);
            (*left, *right) = (None, None);
            this.first.end();
            this.second.end();
            *this.order = None;
        }
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}

fn is_exhausted<E>(drained: &Poll<Result<Drained, E>>) -> bool {
    matches!(drained, Poll::Ready(Ok(Drained::Exhausted)))
}

impl<O, P, C> fmt::Debug for MergeSorted<O, P, C>
where
    O: Observable + fmt::Debug,
    P: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeSorted")
            .field("first", &self.first)
            .field("second", &self.second)
            .field("held", &(self.left.is_some() || self.right.is_some()))
            .finish_non_exhaustive()
    }
}
