//! `timeout_first`: fails when the first item does not come in time.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Fault, Observable, Plan, TimedOut};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Fails when the first item lets its consumer wait longer than `limit`.
    ///
    /// ```text
    /// in   --------a--|
    ///        timeout_first(5)
    /// out  -----#
    /// ```
    ///
    /// What counts is the time from the first poll that finds nothing. An item or a completion that comes at the very
    /// instant at which the time is out is in time; after the first item all may take as long as they like. To watch them
    /// as well see [`timeout_each`](Flow::timeout_each).
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
    /// let silent = tokio_stream::pending::<u32>().flow().timeout_first(Duration::from_millis(10));
    /// assert!(silent.count().await.unwrap_err().is_timeout());
    /// # }
    /// ```
    #[doc(alias = "timeout")]
    #[doc(alias = "initial_timeout")]
    #[track_caller]
    pub fn timeout_first(self, limit: Duration) -> Flow<TimeoutFirst<O>> {
        Flow::new(TimeoutFirst {
            stage: Stage::new("timeout_first", self.into_inner(), ()),
            limit,
            came: false,
            timer: Timer::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::timeout_first`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct TimeoutFirst<O> {
        #[pin]
        stage: Stage<O>,
        limit: Duration,
        came: bool,
        timer: Timer,
    }
}

impl<O: Observable> Observable for TimeoutFirst<O> {
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
        *this.came |= watched.came;
        if watched.waits && !*this.came {
            let now = Instant::now();
            if !this.timer.is_set() {
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
