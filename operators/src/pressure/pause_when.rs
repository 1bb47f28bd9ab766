//! `pause_when`: holds back the source while a switch is on.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Holds back the source while the last item of `switch` is `true`.
    ///
    /// ```text
    /// in      --1--2--3--4-----5--|
    /// switch  ----t------f---------
    ///           pause_when
    /// out     --1--------(234)-5--|
    /// ```
    ///
    /// At first the switch is off. At every poll it goes first, so at one instant a pause goes before the items; of what it
    /// has at once the last counts. A switch that completes is off: nobody is left who could turn it.
    ///
    /// # Backpressure
    ///
    /// Passes it on; while the switch is on the source is not polled, so nothing is lost that the source itself keeps.
    /// Holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// An error of the source or of the switch is the end; the other is dropped. An error of the source comes when the
    /// switch is off.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let pause = Subject::new(1);
    /// let mut work = (1..=2).flow().pause_when(pause.subscribe());
    /// assert_eq!(work.next().await, Ok(Some(1)));
    /// pause.send(true).await;
    /// tokio::select! {
    ///     biased;
    ///     _ = work.next() => unreachable!("it is paused"),
    ///     () = pause.send(false) => {}
    /// }
    /// assert_eq!(work.next().await, Ok(Some(2)));
    /// # }
    /// ```
    #[doc(alias = "valve")]
    #[doc(alias = "pausable")]
    #[track_caller]
    pub fn pause_when<P>(self, switch: P) -> Flow<PauseWhen<O, P>>
    where
        P: Observable<Item = bool, Error = O::Error>,
    {
        Flow::new(PauseWhen {
            stage: Stage::new("pause_when", self.into_inner(), ()),
            switch: Stage::new("pause_when", switch, ()),
            paused: false,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::pause_when`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct PauseWhen<O, P> {
        #[pin]
        stage: Stage<O>,
        #[pin]
        switch: Stage<P>,
        paused: bool,
    }
}

impl<O, P> Observable for PauseWhen<O, P>
where
    O: Observable,
    P: Observable<Item = bool, Error = O::Error>,
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
        let paused = this.paused;
        // A switch that is busy leaves the source its half.
        let share = cx.budget().div_ceil(2);
        let switched = cx.limited(share, |cx| {
            this.switch.as_mut().drain(cx, |(), on| {
                *paused = on;
                ControlFlow::Continue(())
            })
        });
        let mut rest = Poll::Pending;
        match switched {
            Poll::Ready(Ok(Drained::Completed)) => *paused = false,
            Poll::Ready(Err(error)) => {
                this.stage.end();
                return Poll::Ready(Err(error));
            }
            Poll::Ready(Ok(busy)) => rest = Poll::Ready(Ok(busy)),
            Poll::Pending => {}
        }
        if *paused && !this.stage.owes_stop(cx) {
            return rest;
        }
        let quota = if *paused { 0 } else { u32::MAX };
        let drained = cx.limited(quota, |cx| this.stage.drain(cx, |(), item| emit(item)));
        match drained {
            Poll::Ready(Ok(Drained::Completed) | Err(_)) => {
                this.switch.end();
                drained
            }
            Poll::Ready(Ok(Drained::Exhausted)) if *paused => rest,
            Poll::Pending => rest,
            Poll::Ready(Ok(_)) => drained,
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .inputs(self.stage.input())
            .inputs(self.switch.input());
    }
}
