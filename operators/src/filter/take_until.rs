//! `take_until`: lets items pass until another flow has one, then completes.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Lets items pass until `notifier` has one, then completes.
    ///
    /// ```text
    /// in        --1--2--3--4--|
    /// notifier  ---------x
    ///        take_until
    /// out       --1--2---|
    /// ```
    ///
    /// At every poll the notifier goes first, so at one instant the end goes before the items. If it has an item at the
    /// start, the source is never polled. A notifier that completes without an item ends nothing.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// An error of the source or of the notifier is the end; the other is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let stop = Subject::new(1);
    /// let mut numbers = (1..).flow().take_until(stop.subscribe());
    /// assert_eq!(numbers.next().await, Ok(Some(1)));
    /// stop.send(()).await;
    /// assert_eq!(numbers.next().await, Ok(None));
    /// # }
    /// ```
    #[doc(alias = "take_until_other")]
    #[doc(alias = "stop_when")]
    #[track_caller]
    pub fn take_until<N>(self, notifier: N) -> Flow<TakeUntil<O, N>>
    where
        N: Observable<Error = O::Error>,
    {
        Flow::new(TakeUntil {
            stage: Stage::new("take_until", self.into_inner(), ()),
            notifier: Stage::new("take_until", notifier, ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::take_until`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct TakeUntil<O, N> {
        #[pin]
        stage: Stage<O>,
        #[pin]
        notifier: Stage<N>,
    }
}

impl<O, N> Observable for TakeUntil<O, N>
where
    O: Observable,
    N: Observable<Error = O::Error>,
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
        let notified = this.notifier.as_mut().poll_notifier(cx);
        match notified {
            Poll::Ready(Ok(Drained::Stopped)) => {
                this.notifier.end();
                this.stage.end();
                return Poll::Ready(Ok(Drained::Completed));
            }
            Poll::Ready(Err(error)) => {
                this.stage.end();
                return Poll::Ready(Err(error));
            }
            Poll::Ready(Ok(_)) | Poll::Pending => {}
        }
        let drained = this.stage.drain(cx, |(), item| emit(item));
        match drained {
            Poll::Ready(Ok(Drained::Completed) | Err(_)) => this.notifier.end(),
            Poll::Pending if matches!(notified, Poll::Ready(Ok(Drained::Exhausted))) => {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            _ => {}
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .inputs(self.stage.input())
            .inputs(self.notifier.input());
    }
}
