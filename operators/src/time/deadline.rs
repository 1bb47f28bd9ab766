//! `deadline`: fails when the end of the source does not come in time.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Fault, Observable, Plan, TimedOut};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Fails when the source has not completed `limit` after the first poll.
    ///
    /// ```text
    /// in   -a--b--c--d--|
    ///        deadline(8)
    /// out  -a--b--c#
    /// ```
    ///
    /// All time counts, that of the consumer too. What comes at the very instant of the deadline is in time; if it has
    /// passed when the flow is next polled, nothing more comes but the error.
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
    /// let slow = (1..=9).flow().pace(100, Duration::from_secs(1)).deadline(Duration::from_millis(35));
    /// let fault = slow.count().await.unwrap_err();
    /// assert!(fault.to_string().ends_with("did not see the end within 35ms"));
    /// # }
    /// ```
    #[doc(alias = "completion_timeout")]
    #[doc(alias = "timeout_all")]
    #[track_caller]
    pub fn deadline(self, limit: Duration) -> Flow<Deadline<O>> {
        Flow::new(Deadline {
            stage: Stage::new("deadline", self.into_inner(), ()),
            limit,
            due: None,
            timer: Timer::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::deadline`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Deadline<O> {
        #[pin]
        stage: Stage<O>,
        limit: Duration,
        due: Option<Instant>,
        timer: Timer,
    }
}

impl<O: Observable> Observable for Deadline<O> {
    type Item = O::Item;
    type Error = Fault<O::Error>;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let now = Instant::now();
        let due = *this.due.get_or_insert_with(|| later(now, *this.limit));
        let mut is_over = due < now && !this.stage.is_ended();
        let mut drained = Poll::Pending;
        if !is_over {
            drained = this.stage.as_mut().drain(cx, |(), item| emit(item));
            is_over = match drained {
                Poll::Pending => {
                    this.timer.set(due);
                    this.timer.poll(cx.task(), now)
                }
                Poll::Ready(Ok(Drained::Exhausted)) => due <= now,
                Poll::Ready(_) => false,
            };
        }
        if is_over {
            let timed_out = TimedOut::before_end(this.stage.id(), *this.limit);
            this.stage.end();
            return Poll::Ready(Err(Fault::TimedOut(timed_out)));
        }
        drained.map_err(Fault::Upstream)
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
