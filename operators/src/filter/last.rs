//! `last`: emits the last item once its source has completed.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Emits the last item once the source has completed.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        last
    /// out  -----------(3|)
    /// ```
    ///
    /// Of an empty flow nothing comes; see [`default_if_empty`](Self::default_if_empty) and
    /// [`fail_if_empty`](Self::fail_if_empty). For more than one see [`take_last`](Self::take_last).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not the last is dropped and counted as superseded. Holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that may be the last, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; the item that is held is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!((1..=9).flow().last().collect::<Vec<_>>().await, Ok(vec![9]));
    /// # }
    /// ```
    #[doc(alias = "last_or_none")]
    #[track_caller]
    pub fn last(self) -> Flow<Last<O>> {
        Flow::new(Last {
            stage: Stage::new("last", self.into_inner(), ()),
            newest: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::last`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Last<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        newest: Option<O::Item>,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for Last<O> {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let this = self.project();
        let (newest, ledger) = (this.newest, this.ledger);
        let had_one = newest.is_some();
        let mut received = 0;
        let drained = this.stage.drain(cx, |(), item| {
            received += 1;
            *newest = Some(item);
            ControlFlow::Continue(())
        });
        if received > 0 {
            ledger.receive(received);
            ledger.drop_items(DropReason::Superseded, received - u64::from(!had_one));
        }
        let drained = ready!(drained);
        if drained.is_err() && newest.take().is_some() {
            ledger.drop_items(DropReason::Failed, 1);
        }
        if matches!(drained, Ok(Drained::Completed)) && newest.is_some() {
            if !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if let Some(item) = newest.take() {
                ledger.emit(1);
                if emit(item).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Last<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Last")
            .field("stage", &self.stage)
            .field("holds_one", &self.newest.is_some())
            .finish_non_exhaustive()
    }
}
