//! `timeout_or_else`: goes on with another flow when the source keeps its consumer waiting.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Goes on with the flow that `other` makes when an item, the first included, takes longer than `limit`.
    ///
    /// ```text
    /// in   ---a---b---------c--|
    ///        timeout_or_else(5, || x--y--|)
    /// out  ---a---b----x--y--|
    /// ```
    ///
    /// The source is dropped before `other` is called, and what it makes is polled at once; nothing watches over that
    /// flow. [`first_within`](Flow::first_within) sets another limit for the first item.
    ///
    /// What counts is the time from the poll that finds nothing to the item or the end: not what the consumer needs for
    /// the items before, and not the time before the first poll. An item that comes at the very instant at which the time
    /// is out is in time. To fail instead see [`timeout_each`](Flow::timeout_each).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the other flow itself may lose.
    ///
    /// # Errors
    ///
    /// Those of the source and of the other flow.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let silent = tokio_stream::pending::<u32>().flow();
    /// let cached = silent.timeout_or_else(Duration::from_secs(1), || [1, 2].flow());
    /// assert_eq!(cached.collect::<Vec<_>>().await, Ok(vec![1, 2]));
    /// # }
    /// ```
    #[doc(alias = "timeout_with")]
    #[doc(alias = "timeout")]
    #[track_caller]
    pub fn timeout_or_else<P, F>(self, limit: Duration, other: F) -> Flow<TimeoutOrElse<O, P, F>>
    where
        F: FnOnce() -> P,
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        Flow::new(TimeoutOrElse {
            stage: Stage::new("timeout_or_else", self.into_inner(), Some(other)),
            other: None,
            first: limit,
            each: limit,
            came: false,
            timer: Timer::new(),
        })
    }
}

impl<O, P, F> Flow<TimeoutOrElse<O, P, F>>
where
    O: Observable,
    F: FnOnce() -> P,
    P: Observable<Item = O::Item, Error = O::Error>,
{
    /// Sets another limit for the first item.
    pub fn first_within(self, limit: Duration) -> Self {
        let mut timeout = self.into_inner();
        timeout.first = limit;
        Self::new(timeout)
    }
}

pin_project! {
    /// The observable of [`Flow::timeout_or_else`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct TimeoutOrElse<O, P, F> {
        #[pin]
        stage: Stage<O, Option<F>>,
        #[pin]
        other: Option<P>,
        first: Duration,
        each: Duration,
        came: bool,
        // Set while the consumer waits.
        timer: Timer,
    }
}

impl<O, P, F> Observable for TimeoutOrElse<O, P, F>
where
    O: Observable,
    F: FnOnce() -> P,
    P: Observable<Item = O::Item, Error = O::Error>,
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
        if this.other.is_none() {
            let watched = this.stage.as_mut().drain_watched(cx, &mut emit);
            if watched.came {
                *this.came = true;
                this.timer.clear();
            }
            if !watched.waits {
                return watched.drained;
            }
            // Read after the drain, in which the consumer had its time.
            let now = Instant::now();
            if !this.timer.is_set() {
                let limit = if *this.came { *this.each } else { *this.first };
                this.timer.set(later(now, limit));
            }
            if !this.timer.poll(cx.task(), now) {
                return watched.drained;
            }
            let other = this.stage.as_mut().state().and_then(Option::take);
            this.stage.end();
            this.other.set(other.map(|other| other()));
        }
        let Some(other) = this.other.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = other.poll_drain(cx, emit);
        if matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_))) {
            this.other.set(None);
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        // There is one of them at a time.
        plan.stage(self.stage.id())
            .inputs(self.stage.input())
            .inputs(self.other.as_ref());
    }
}

impl<O: fmt::Debug, P: fmt::Debug, F> fmt::Debug for TimeoutOrElse<O, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutOrElse")
            .field("stage", &self.stage)
            .field("other", &self.other)
            .field("first", &self.first)
            .field("each", &self.each)
            .finish_non_exhaustive()
    }
}
