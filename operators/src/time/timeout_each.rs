//! `timeout_each`: fails when the source keeps its consumer waiting.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Fault, Observable, Plan, TimedOut};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Fails when an item, the first included, lets its consumer wait longer than `limit`.
    ///
    /// ```text
    /// in   ---a---b---c------d--|
    ///        timeout_each(5)
    /// out  ---a---b---c----#
    /// ```
    ///
    /// What counts is the time from the poll that finds nothing to the item or the end: not what the consumer needs for
    /// the items before, and not the time before the first poll. An item that comes at the very instant at which the time
    /// is out is in time.
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
    /// [`Fault::TimedOut`] when the time is out; the source is dropped then. [`Fault::Upstream`] with the error of the
    /// stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let silent = tokio_stream::pending::<u32>().flow().timeout_each(Duration::from_millis(10));
    /// let fault = silent.count().await.unwrap_err();
    /// assert!(fault.is_timeout());
    /// assert!(fault.to_string().ends_with("saw nothing for 10ms"));
    /// # }
    /// ```
    #[doc(alias = "timeout")]
    #[doc(alias = "idle_timeout")]
    #[track_caller]
    pub fn timeout_each(self, limit: Duration) -> Flow<TimeoutEach<O>> {
        Flow::new(TimeoutEach {
            stage: Stage::new("timeout_each", self.into_inner(), ()),
            limit,
            waits: false,
            timer: Timer::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::timeout_each`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct TimeoutEach<O> {
        #[pin]
        stage: Stage<O>,
        limit: Duration,
        // A poll has found nothing, and no item has come since.
        waits: bool,
        timer: Timer,
    }
}

impl<O: Observable> Observable for TimeoutEach<O> {
    type Item = O::Item;
    type Error = Fault<O::Error>;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let watched = this.stage.as_mut().drain_watched(cx, emit);
        if watched.came {
            *this.waits = false;
        }
        if watched.waits {
            // Read after the drain, in which the consumer had its time.
            let now = Instant::now();
            if !std::mem::replace(this.waits, true) {
                this.timer.set(later(now, *this.limit));
            }
            if this.timer.poll(cx.task(), now) {
                let timed_out = TimedOut::new(this.stage.id(), *this.limit);
                this.stage.end();
                return Poll::Ready(Err(Fault::TimedOut(timed_out)));
            }
        }
        watched.drained.map_err(Fault::Upstream)
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
