//! `conflate`: merges what is ready at once into one item.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Merges the items that are ready at once into one: `first` makes it of the first, `fold` adds each of the others.
    ///
    /// ```text
    /// in        -1-2-3-4-5--6---|
    ///             conflate(n => n, (sum, n) => sum + n)
    /// consumer  -x-------x--x---x  (asks at x)
    /// out       -1-------{14}--6---|
    /// ```
    ///
    /// Every poll drains the source and emits one item, so that a consumer that keeps up sees each by itself and a slow
    /// one sees sums. Of a source that never runs dry one comes for every budget, 1024 items unless told otherwise. It
    /// is what lies in the source that counts, a subscription or a queue: if the source is pulled only when asked, put
    /// a [`buffer`](Flow::buffer) before it.
    ///
    /// # Backpressure
    ///
    /// Pulls all there is. Holds one item only while it is polled; all that goes into it counts as emitted.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; the items that came with it are dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let bytes = Subject::new(16);
    /// let mut totals = bytes.subscribe().flow().conflate(|n| n, |total, n| *total += n);
    /// for count in [100, 20, 3] {
    ///     bytes.send(count).await;
    /// }
    /// assert_eq!(totals.next().await, Ok(Some(123)));
    /// # }
    /// ```
    #[doc(alias = "conflate_with_seed")]
    #[doc(alias = "batch")]
    #[track_caller]
    pub fn conflate<A, S, F>(self, first: S, fold: F) -> Flow<Conflate<O, S, F>>
    where
        S: FnMut(O::Item) -> A,
        F: FnMut(&mut A, O::Item),
    {
        Flow::new(Conflate {
            stage: Stage::new("conflate", self.into_inner(), (first, fold)),
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::conflate`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Conflate<O, S, F> {
        #[pin]
        stage: Stage<O, (S, F)>,
        ledger: Ledger,
    }
}

impl<O, A, S, F> Observable for Conflate<O, S, F>
where
    O: Observable,
    S: FnMut(O::Item) -> A,
    F: FnMut(&mut A, O::Item),
{
    type Item = A;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(A) -> ControlFlow<()>,
    {
        let this = self.project();
        let mut merged = None;
        let mut received = 0;
        let drained = this.stage.drain(cx, |(first, fold), item| {
            received += 1;
            match &mut merged {
                None => merged = Some(first(item)),
                Some(merged) => fold(merged, item),
            }
            ControlFlow::Continue(())
        });
        let Some(merged) = merged else {
            return drained;
        };
        this.ledger.receive(received);
        if let Poll::Ready(Err(_)) = drained {
            this.ledger.drop_items(DropReason::Failed, received);
            return drained;
        }
        this.ledger.emit(received);
        if emit(merged).is_break() {
            return Poll::Ready(Ok(Drained::Stopped));
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: fmt::Debug, S, F> fmt::Debug for Conflate<O, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
