//! `zip`: pairs the items of two flows, first with first.

mod many;

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

pub use many::{ZipMany, zip};

impl<O: Observable> Flow<O> {
    /// Pairs the items of this flow with those of `other`: first with first, second with second.
    ///
    /// ```text
    /// in     --1-----2--3-----|
    /// other  ----a--b------c--|
    ///        zip
    /// out    ----1a--2b----3c-|
    /// ```
    ///
    /// Completes when one of the two has completed and nothing of it waits for a partner; the other is dropped. If an item
    /// of the other waits then, it is dropped too and counted as unmatched: never more than one. For many flows of one type
    /// see [`zip`](crate::combine::zip).
    ///
    /// # Backpressure
    ///
    /// Passes it on to both: no flow is ahead of the other by more than one item. Holds that one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits for its partner, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of either is the end. The other is dropped, and the item that waits is counted as failed. While an item
    /// of a flow waits, that flow is not polled: an error behind it comes when the item has been paired.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let numbered = ["a", "b"].flow().zip((1..).flow());
    /// assert_eq!(numbered.collect::<Vec<_>>().await, Ok(vec![("a", 1), ("b", 2)]));
    /// # }
    /// ```
    #[doc(alias = "zip_with")]
    #[track_caller]
    pub fn zip<P>(self, other: P) -> Flow<Zip<O, P>>
    where
        P: Observable<Error = O::Error>,
    {
        Flow::new(Zip {
            first: Stage::new("zip", self.into_inner(), ()),
            second: Stage::new("zip", other, ()),
            left: None,
            right: None,
            first_was_busy: false,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::zip`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Zip<O, P>
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
        first_was_busy: bool,
        ledger: Ledger,
    }
}

impl<O, P> Observable for Zip<O, P>
where
    O: Observable,
    P: Observable<Error = O::Error>,
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
        let (mut left, mut right) = (this.left.take(), this.right.take());
        let waited = u64::from(left.is_some()) + u64::from(right.is_some());
        let mut pairs = 0;
        // A side that is busy without an item, as a filter can be, goes second the next time.
        let swapped = std::mem::take(this.first_was_busy);
        let mut first_waits = swapped;
        let outcome = loop {
            let first = if first_waits {
                Poll::Pending
            } else {
                this.first.as_mut().fill(&mut left, cx)
            };
            if ends(&first, left.is_none()) {
                break first;
            }
            let second = this.second.as_mut().fill(&mut right, cx);
            if ends(&second, right.is_none()) {
                break second;
            }
            match (left.take(), right.take()) {
                (Some(one), Some(other)) => {
                    pairs += 1;
                    if emit((one, other)).is_break() {
                        break Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                waiting => {
                    (left, right) = waiting;
                    if std::mem::take(&mut first_waits) {
                        continue;
                    }
                    *this.first_was_busy = is_exhausted(&first) && !swapped;
                    break if is_exhausted(&first) || is_exhausted(&second) {
                        Poll::Ready(Ok(Drained::Exhausted))
                    } else {
                        Poll::Pending
                    };
                }
            }
        };
        let waiting = u64::from(left.is_some()) + u64::from(right.is_some());
        this.ledger.receive(2 * pairs + waiting - waited);
        this.ledger.emit(2 * pairs);
        let reason = match outcome {
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            _ => {
                (*this.left, *this.right) = (left, right);
                return outcome;
            }
        };
        this.ledger.drop_items(reason, waiting);
        this.first.end();
        this.second.end();
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

/// Tells whether nothing can be paired any more.
fn ends<E>(drained: &Poll<Result<Drained, E>>, is_empty: bool) -> bool {
    match drained {
        Poll::Ready(Ok(Drained::Completed)) => is_empty,
        Poll::Ready(Err(_)) => true,
        _ => false,
    }
}

fn is_exhausted<E>(drained: &Poll<Result<Drained, E>>) -> bool {
    matches!(drained, Poll::Ready(Ok(Drained::Exhausted)))
}

impl<O, P> fmt::Debug for Zip<O, P>
where
    O: Observable + fmt::Debug,
    P: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zip")
            .field("first", &self.first)
            .field("second", &self.second)
            .field("held", &(self.left.is_some() || self.right.is_some()))
            .finish_non_exhaustive()
    }
}
