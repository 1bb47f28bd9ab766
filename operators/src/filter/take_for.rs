//! `take_for`: lets items pass for some time, then completes.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Lets items pass for `time`, counted from the first poll, then completes.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        take_for(9)
    /// out  --1--2--3|
    /// ```
    ///
    /// The end does not wait for an item, and the source is dropped with it. An item that comes at the very instant of the
    /// end does not pass. With a time of 0 the source is never polled.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::interval};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let beats = interval(Duration::from_secs(2)).take_for(Duration::from_secs(9));
    /// assert_eq!(beats.count().await, Ok(4));
    /// # }
    /// ```
    #[doc(alias = "take_within")]
    #[track_caller]
    pub fn take_for(self, time: Duration) -> Flow<TakeFor<O>> {
        Flow::new(TakeFor {
            stage: Stage::new("take_for", self.into_inner(), Timer::new()),
            time,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::take_for`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct TakeFor<O> {
        #[pin]
        stage: Stage<O, Timer>,
        time: Duration,
    }
}

impl<O: Observable> Observable for TakeFor<O> {
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
        let this = self.project();
        let mut stage = this.stage;
        let is_over = stage.as_mut().state().is_some_and(|timer| {
            let now = Instant::now();
            if !timer.is_set() {
                timer.set(later(now, *this.time));
            }
            timer.poll(cx.task(), now)
        });
        if is_over {
            stage.as_mut().end();
        }
        stage.drain(cx, |_, item| emit(item))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
