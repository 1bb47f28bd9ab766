//! `single`: emits the only item, and fails if there is none or a second.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Fault, Found, Holds, Observable, Plan, WrongCount};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Emits the only item once the source has completed; fails if there is none, or as soon as there is a second.
    ///
    /// ```text
    /// in   --1-----|
    ///        single
    /// out  --------(1|)
    /// ```
    ///
    /// A source that has had nothing before a graceful stop is not taken for empty: the flow completes.
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item, if it has come, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// [`Fault::WrongCount`] if there is no item or more than one; the source is dropped at the second. Otherwise
    /// [`Fault::Upstream`] with the error of the stream. The item that is held is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!(["only"].flow().single().collect::<Vec<_>>().await, Ok(vec!["only"]));
    /// let fault = (1..).flow().single().next().await.unwrap_err();
    /// assert!(fault.is_wrong_count());
    /// # }
    /// ```
    #[doc(alias = "exactly_one")]
    #[track_caller]
    pub fn single(self) -> Flow<Single<O>> {
        Flow::new(Single {
            stage: Stage::new("single", self.into_inner(), ()),
            only: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::single`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Single<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        only: Option<O::Item>,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for Single<O> {
    type Item = O::Item;
    type Error = Fault<O::Error>;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let (only, ledger) = (this.only, this.ledger);
        let had_ended = this.stage.is_ended();
        let mut has_second = false;
        let drained = this.stage.as_mut().drain(cx, |(), item| {
            ledger.receive(1);
            if only.is_none() {
                *only = Some(item);
                return ControlFlow::Continue(());
            }
            has_second = true;
            ControlFlow::Break(())
        });
        let wrong = |found| Fault::WrongCount(WrongCount::new(this.stage.id(), found));
        let fault = match ready!(drained) {
            Err(error) => Fault::Upstream(error),
            Ok(_) if has_second => wrong(Found::Several),
            Ok(Drained::Completed) if only.is_some() => {
                if !cx.spend() {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                ledger.emit(1);
                return Poll::Ready(Ok(match only.take().map(emit) {
                    Some(ControlFlow::Break(())) => Drained::Stopped,
                    _ => Drained::Completed,
                }));
            }
            Ok(Drained::Completed) if !had_ended && !cx.stopping() => wrong(Found::None),
            Ok(drained) => return Poll::Ready(Ok(drained)),
        };
        this.stage.end();
        let held = u64::from(only.take().is_some());
        ledger.drop_items(DropReason::Failed, held + u64::from(has_second));
        Poll::Ready(Err(fault))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Single<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Single")
            .field("stage", &self.stage)
            .field("holds_one", &self.only.is_some())
            .finish_non_exhaustive()
    }
}
