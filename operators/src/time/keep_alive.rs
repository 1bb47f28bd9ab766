//! `keep_alive`: fills a silence with items of its own.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Emits an item of `make` whenever the source has had nothing for `idle`.
    ///
    /// ```text
    /// in   --a---------b---|
    ///        keep_alive(4, || ♥)
    /// out  --a---♥---♥-b---|
    /// ```
    ///
    /// What counts is the time from the poll that finds nothing to the next item: a consumer that is busy gets none for
    /// the time in which it did not ask. At one instant an item of the source goes first, and starts the time anew.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Panics
    ///
    /// Panics if `idle` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let silent = tokio_stream::pending::<&str>().flow();
    /// let lines = silent.keep_alive(Duration::from_secs(15), || ": ping");
    /// assert_eq!(lines.take(2).collect::<Vec<_>>().await, Ok(vec![": ping", ": ping"]));
    /// # }
    /// ```
    #[doc(alias = "heartbeat")]
    #[doc(alias = "idle_inject")]
    #[track_caller]
    pub fn keep_alive<F>(self, idle: Duration, make: F) -> Flow<KeepAlive<O, F>>
    where
        F: FnMut() -> O::Item,
    {
        assert!(
            !idle.is_zero(),
            "keep_alive after no time at all would never be silent"
        );
        Flow::new(KeepAlive {
            stage: Stage::new("keep_alive", self.into_inner(), make),
            idle,
            timer: Timer::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::keep_alive`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct KeepAlive<O, F> {
        #[pin]
        stage: Stage<O, F>,
        idle: Duration,
        // Set while the consumer waits.
        timer: Timer,
    }
}

impl<O, F> Observable for KeepAlive<O, F>
where
    O: Observable,
    F: FnMut() -> O::Item,
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
        let watched = this.stage.as_mut().drain_watched(cx, &mut emit);
        if watched.came {
            this.timer.clear();
        }
        if !watched.waits {
            return watched.drained;
        }
        let Some(make) = this.stage.state() else {
            return watched.drained;
        };
        // Read after the drain, in which the consumer had its time.
        let now = Instant::now();
        if !this.timer.is_set() {
            this.timer.set(later(now, *this.idle));
        }
        if this.timer.poll(cx.task(), now) {
            // Even if the source has left nothing: it may be busy for ever.
            cx.spend_many(1);
            if emit(make()).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
            this.timer.set(later(now, *this.idle));
            // Polled, so that the next one wakes the task.
            if this.timer.poll(cx.task(), now) {
                this.timer.set(now);
                return Poll::Ready(Ok(Drained::Exhausted));
            }
        }
        watched.drained
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for KeepAlive<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepAlive")
            .field("stage", &self.stage)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}
