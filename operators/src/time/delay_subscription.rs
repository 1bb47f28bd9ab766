//! `delay_subscription`: leaves the source alone for a while.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Polls the source for the first time when `time` has passed since its own first poll.
    ///
    /// ```text
    /// in      --a--b--|
    ///           delay_subscription(3)
    /// out  -----a--b--|
    /// ```
    ///
    /// A cold source plays all it has, later; of a hot one what comes until then is missed. To delay every item see
    /// [`delay`](Flow::delay). A graceful stop ends the wait.
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
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let second_try = (1..=2).flow().delay_subscription(Duration::from_secs(5));
    /// assert_eq!(second_try.collect::<Vec<_>>().await, Ok(vec![1, 2]));
    /// # }
    /// ```
    #[doc(alias = "delay_when")]
    #[doc(alias = "initial_delay")]
    #[track_caller]
    pub fn delay_subscription(self, time: Duration) -> Flow<DelaySubscription<O>> {
        Flow::new(DelaySubscription {
            stage: Stage::new("delay_subscription", self.into_inner(), ()),
            start: Start::After(time),
            timer: Timer::new(),
        })
    }
}

/// When the source is polled for the first time.
#[derive(Clone, Copy, Debug)]
enum Start {
    After(Duration),
    At(Instant),
    Over,
}

pin_project! {
    /// The observable of [`Flow::delay_subscription`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct DelaySubscription<O> {
        #[pin]
        stage: Stage<O>,
        start: Start,
        timer: Timer,
    }
}

impl<O: Observable> Observable for DelaySubscription<O> {
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
        // The source must hear of a stop, and has nothing to wait for any more.
        if !matches!(this.start, Start::Over) && !cx.stopping() {
            let now = Instant::now();
            let start = match *this.start {
                Start::At(start) => start,
                Start::After(time) => later(now, time),
                Start::Over => now,
            };
            *this.start = Start::At(start);
            this.timer.set(start);
            if !this.timer.poll(cx.task(), now) {
                return Poll::Pending;
            }
        }
        *this.start = Start::Over;
        this.stage.drain(cx, |(), item| emit(item))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
