//! `pairwise`: every item with the one before.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Emits every item with the one before it, from the second on.
    ///
    /// ```text
    /// in   --1--2-----3-----|
    ///        pairwise
    /// out  -----(1,2)-(2,3)-|
    /// ```
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds a copy of the last item. The numbers of the stage count an item as emitted when it first is in a
    /// pair.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow before there was a pair drops the first item, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes. A first item that was in no pair is counted as failed then, at completion as
    /// unmatched.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let steps = [1, 4, 9].flow().pairwise().map(|(before, after)| after - before);
    /// assert_eq!(steps.collect::<Vec<_>>().await, Ok(vec![3, 5]));
    /// # }
    /// ```
    #[doc(alias = "zip_with_next")]
    #[doc(alias = "sliding")]
    #[doc(alias = "tuple_windows")]
    #[track_caller]
    pub fn pairwise(self) -> Flow<Pairwise<O>>
    where
        O::Item: Clone,
    {
        Flow::new(Pairwise {
            stage: Stage::new("pairwise", self.into_inner(), None),
            alone: false,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::pairwise`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Pairwise<O>
    where
        O: Observable,
    {
        // The state is the item before.
        #[pin]
        stage: Stage<O, Option<O::Item>>,
        // There is an item that was in no pair yet.
        alone: bool,
        ledger: Ledger,
    }
}

impl<O: Observable<Item: Clone>> Observable for Pairwise<O> {
    type Item = (O::Item, O::Item);
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut((O::Item, O::Item)) -> ControlFlow<()>,
    {
        let this = self.project();
        let (mut received, mut pairs) = (0, 0);
        let drained = this.stage.drain(cx, |before, item| {
            received += 1;
            match before.replace(item.clone()) {
                Some(before) => {
                    pairs += 1;
                    emit((before, item))
                }
                None => ControlFlow::Continue(()),
            }
        });
        let waited = u64::from(*this.alone);
        if received > 0 {
            *this.alone = pairs == 0;
            let waits = u64::from(*this.alone);
            this.ledger.receive(received);
            this.ledger.emit(waited + received - waits);
        }
        let reason = match drained {
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            _ => return drained,
        };
        if std::mem::take(this.alone) {
            this.ledger.drop_items(reason, 1);
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Pairwise<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
