//! `skip_until`: drops items until another flow has one.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Drops items until `notifier` has one, then lets all pass.
    ///
    /// ```text
    /// in        --1--2--3--4--|
    /// notifier  ---------x
    ///        skip_until
    /// out       -----------4--|
    /// ```
    ///
    /// At every poll the notifier goes first, so an item at its very instant passes. It is dropped once it has had an
    /// item. If it completes without one, nothing ever passes.
    ///
    /// # Backpressure
    ///
    /// Pulls all there is until the notifier has an item, then passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost that is not dropped anyway.
    ///
    /// # Errors
    ///
    /// An error of the source, or of the notifier before it has had an item, is the end; the other is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let ready = ["go"].flow();
    /// let numbers = (1..=3).flow().skip_until(ready);
    /// assert_eq!(numbers.collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// # }
    /// ```
    #[doc(alias = "skip_until_other")]
    #[track_caller]
    pub fn skip_until<N>(self, notifier: N) -> Flow<SkipUntil<O, N>>
    where
        N: Observable<Error = O::Error>,
    {
        Flow::new(SkipUntil {
            stage: Stage::new("skip_until", self.into_inner(), ()),
            notifier: Stage::new("skip_until", notifier, ()),
            notified: false,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::skip_until`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct SkipUntil<O, N> {
        #[pin]
        stage: Stage<O>,
        #[pin]
        notifier: Stage<N>,
        notified: bool,
    }
}

impl<O, N> Observable for SkipUntil<O, N>
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
        let signal = this.notifier.as_mut().poll_notifier(cx);
        let mut notifier_has_more = false;
        match signal {
            Poll::Ready(Ok(Drained::Stopped)) => {
                *this.notified = true;
                this.notifier.as_mut().end();
            }
            Poll::Ready(Ok(Drained::Exhausted)) => notifier_has_more = true,
            Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => {}
            Poll::Ready(Err(error)) => {
                this.stage.end();
                return Poll::Ready(Err(error));
            }
        }
        let passing = *this.notified;
        let drained = this.stage.drain(cx, |(), item| {
            if passing {
                emit(item)
            } else {
                ControlFlow::Continue(())
            }
        });
        match drained {
            Poll::Ready(Ok(Drained::Completed) | Err(_)) => this.notifier.end(),
            Poll::Pending if notifier_has_more => return Poll::Ready(Ok(Drained::Exhausted)),
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
