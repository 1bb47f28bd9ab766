//! `sequence_equal`: whether two flows have the same items in the same order.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Emits whether this flow and `other` have equal items in the same order, whenever each comes, and completes.
    ///
    /// ```text
    /// in     --1---2--|
    /// other  ----1---2----|
    ///        sequence_equal
    /// out    -------------(true|)
    /// ```
    ///
    /// `false` comes with the first pair that differs, or with the item of one that the other, which has completed, does
    /// not have. Both flows are dropped before the answer is emitted.
    ///
    /// # Backpressure
    ///
    /// Passes it on to both: no flow is ahead of the other by more than one item. Holds that one. An item that has been
    /// compared is counted as emitted, one that has no counterpart as unmatched.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits for its counterpart, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of either is the end, without an answer; the other is dropped. While an item of a flow waits, that flow is
    /// not polled: an error behind it comes when the item has been compared.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut same = (1..4).flow().sequence_equal([1, 2, 3].flow());
    /// assert_eq!(same.next().await, Ok(Some(true)));
    /// # }
    /// ```
    #[track_caller]
    pub fn sequence_equal<P>(self, other: P) -> Flow<SequenceEqual<O, P, Equality>>
    where
        O: Observable<Item: PartialEq<P::Item>>,
        P: Observable<Error = O::Error>,
    {
        let first = Stage::new("sequence_equal", self.into_inner(), ());
        let second = Stage::new("sequence_equal", other, ());
        Flow::new(SequenceEqual::new(first, second, Equality(())))
    }

    /// Emits whether this flow and `other` have items in the same order of which `is_same` holds, and completes.
    ///
    /// ```text
    /// in     --1---2--|
    /// other  ----a---b----|
    ///        sequence_equal_by(1 is a, 2 is b)
    /// out    -------------(true|)
    /// ```
    ///
    /// All else is as in [`sequence_equal`](Self::sequence_equal).
    ///
    /// # Backpressure
    ///
    /// Passes it on to both: no flow is ahead of the other by more than one item. Holds that one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits for its counterpart, and counts it as cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let lengths = [1, 2].flow();
    /// let words = ["a", "of"].flow();
    /// let mut same = lengths.sequence_equal_by(words, |length, word| word.len() == *length);
    /// assert_eq!(same.next().await, Ok(Some(true)));
    /// # }
    /// ```
    #[track_caller]
    pub fn sequence_equal_by<P, F>(self, other: P, is_same: F) -> Flow<SequenceEqual<O, P, F>>
    where
        P: Observable<Error = O::Error>,
        F: FnMut(&O::Item, &P::Item) -> bool,
    {
        let first = Stage::new("sequence_equal_by", self.into_inner(), ());
        let second = Stage::new("sequence_equal_by", other, ());
        Flow::new(SequenceEqual::new(first, second, is_same))
    }
}

/// What [`SequenceEqual`] takes for the same: [`Equality`], or a closure.
pub trait Same<T, U> {
    /// Compares an item of the first flow with its counterpart.
    fn is_same(&mut self, one: &T, other: &U) -> bool;
}

/// The equality of [`PartialEq`], for [`Flow::sequence_equal`].
#[derive(Clone, Copy, Debug)]
pub struct Equality(());

impl<T: PartialEq<U>, U> Same<T, U> for Equality {
    #[inline]
    fn is_same(&mut self, one: &T, other: &U) -> bool {
        one == other
    }
}

impl<T, U, F: FnMut(&T, &U) -> bool> Same<T, U> for F {
    #[inline]
    fn is_same(&mut self, one: &T, other: &U) -> bool {
        self(one, other)
    }
}

pin_project! {
    /// The observable of [`Flow::sequence_equal`] and [`Flow::sequence_equal_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct SequenceEqual<O, P, C>
    where
        O: Observable,
        P: Observable,
    {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
        left: Option<O::Item>,
        right: Option<P::Item>,
        step: Step<C>,
        ledger: Ledger,
    }
}

/// How far it has come.
#[derive(Clone)]
enum Step<C> {
    Comparing(C),
    /// The answer is known and not emitted, for want of a budget.
    Known(bool),
    Ended,
}

impl<O: Observable, P: Observable, C> SequenceEqual<O, P, C> {
    fn new(first: Stage<O>, second: Stage<P>, same: C) -> Self {
        Self {
            first,
            second,
            left: None,
            right: None,
            step: Step::Comparing(same),
            ledger: Ledger::new(),
        }
    }
}

impl<O, P, C> Observable for SequenceEqual<O, P, C>
where
    O: Observable,
    P: Observable<Error = O::Error>,
    C: Same<O::Item, P::Item>,
{
    type Item = bool;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(bool) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let can_emit = cx.budget() > 0;
        if let Step::Comparing(same) = this.step {
            let (left, right) = (this.left, this.right);
            let waited = u64::from(left.is_some()) + u64::from(right.is_some());
            let mut pairs = 0;
            // The answer; none if a side is busy without an item.
            let outcome = loop {
                // Such a side, as a filter can be, leaves the other its half.
                let share = cx.budget().div_ceil(2);
                let first = cx.limited(share, |cx| this.first.as_mut().fill(left, cx));
                let first = match first {
                    Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                    Poll::Ready(Ok(drained)) => Some(drained),
                    Poll::Pending => None,
                };
                let second = match this.second.as_mut().fill(right, cx) {
                    Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                    Poll::Ready(Ok(drained)) => Some(drained),
                    Poll::Pending => None,
                };
                let (first_ended, second_ended) = (this.first.is_ended(), this.second.is_ended());
                match (left.is_some(), right.is_some()) {
                    (true, true) => {
                        pairs += 1;
                        let is_same = left
                            .take()
                            .zip(right.take())
                            .is_some_and(|(one, other)| same.is_same(&one, &other));
                        if !is_same {
                            break Poll::Ready(Ok(Some(false)));
                        }
                    }
                    (false, false) if first_ended && second_ended => {
                        break Poll::Ready(Ok(Some(true)));
                    }
                    (false, true) if first_ended => break Poll::Ready(Ok(Some(false))),
                    (true, false) if second_ended => break Poll::Ready(Ok(Some(false))),
                    _ if [first, second].contains(&Some(Drained::Exhausted)) => {
                        break Poll::Ready(Ok(None));
                    }
                    _ => break Poll::Pending,
                }
            };
            let waiting = u64::from(left.is_some()) + u64::from(right.is_some());
            this.ledger.receive(2 * pairs + waiting - waited);
            this.ledger.emit(2 * pairs);
            let (reason, end) = match outcome {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(None)) => return Poll::Ready(Ok(Drained::Exhausted)),
                Poll::Ready(Ok(Some(answer))) => (DropReason::Unmatched, Ok(answer)),
                Poll::Ready(Err(error)) => (DropReason::Failed, Err(error)),
            };
            this.ledger.drop_items(reason, waiting);
            (*left, *right) = (None, None);
            this.first.end();
            this.second.end();
            match end {
                Ok(answer) => *this.step = Step::Known(answer),
                Err(error) => {
                    *this.step = Step::Ended;
                    return Poll::Ready(Err(error));
                }
            }
        }
        if let Step::Known(answer) = *this.step {
            if !can_emit {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            *this.step = Step::Ended;
            if emit(answer).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}

impl<O, P, C> fmt::Debug for SequenceEqual<O, P, C>
where
    O: Observable + fmt::Debug,
    P: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SequenceEqual")
            .field("first", &self.first)
            .field("second", &self.second)
            .field("held", &(self.left.is_some() || self.right.is_some()))
            .finish_non_exhaustive()
    }
}
