//! `repeat`: runs the flow again when it has completed.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use tokio::time::Instant;

use crate::{
    Flow,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Runs the flow again when it has completed, without end.
    ///
    /// ```text
    /// in   --1--2--|
    ///        repeat().times(2).pause(3)
    /// out  --1--2-------1--2--|
    /// ```
    ///
    /// [`times`](Flow::times) bounds the rounds, [`pause`](Flow::pause) puts a time between them. Each round is a pristine
    /// clone of the flow, made when it begins; the one that completed is dropped before the pause. A round costs one unit
    /// of the budget, so that a flow without items does not hold the thread. To have another flow say when the next
    /// round begins see [`repeat_when`](Flow::repeat_when).
    ///
    /// When the flow is told to stop there are no further rounds: a pause ends in completion.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the flow itself may lose.
    ///
    /// # Errors
    ///
    /// An error of a round is the end; to begin again after it see [`retry`](Flow::retry).
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let twice = [1, 2].flow().repeat().times(2);
    /// assert_eq!(twice.collect::<Vec<_>>().await, Ok(vec![1, 2, 1, 2]));
    /// let endless = [1, 2].flow().repeat();
    /// assert_eq!(endless.take(5).collect::<Vec<_>>().await, Ok(vec![1, 2, 1, 2, 1]));
    /// # }
    /// ```
    #[doc(alias = "cycle")]
    #[track_caller]
    pub fn repeat(self) -> Flow<Repeat<O>>
    where
        O: Clone,
    {
        Flow::new(Repeat {
            round: None,
            pristine: Some(self.into_inner()),
            left: None,
            pause: Duration::ZERO,
            timer: Timer::new(),
            begun: false,
            id: StageId::here("repeat"),
        })
    }
}

impl<O: Observable + Clone> Flow<Repeat<O>> {
    /// Runs the flow so many times in all, then completes; with 0 it never runs and completes at once.
    pub fn times(self, rounds: u64) -> Self {
        let mut repeat = self.into_inner();
        repeat.left = Some(rounds);
        Self::new(repeat)
    }

    /// Waits so long between the end of a round and the beginning of the next.
    pub fn pause(self, time: Duration) -> Self {
        let mut repeat = self.into_inner();
        repeat.pause = time;
        Self::new(repeat)
    }
}

pin_project! {
    /// The observable of [`Flow::repeat`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Repeat<O> {
        #[pin]
        round: Option<O>,
        // What further rounds are made of, until the end.
        pristine: Option<O>,
        // Rounds that have not begun; none is without bound.
        left: Option<u64>,
        pause: Duration,
        // Set while the next round waits.
        timer: Timer,
        begun: bool,
        id: StageId,
    }
}

impl<O: Observable + Clone> Observable for Repeat<O> {
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
        let mut poll = None;
        // The clock is read once, and only if somebody asks.
        let mut now = || *poll.get_or_insert_with(Instant::now);
        loop {
            let Some(pristine) = this.pristine else {
                return Poll::Ready(Ok(Drained::Completed));
            };
            if this.round.is_none() {
                if *this.left == Some(0) || (*this.begun && cx.stopping()) {
                    *this.pristine = None;
                    continue;
                }
                if this.timer.is_set() && !this.timer.poll(cx.task(), now()) {
                    return Poll::Pending;
                }
                // A flow without items must not hold the thread.
                if *this.begun && !cx.spend() {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                *this.begun = true;
                *this.left = this.left.map(|left| left - 1);
                this.round.set(Some(pristine.clone()));
            }
            let Some(round) = this.round.as_mut().as_pin_mut() else {
                continue;
            };
            match round.poll_drain(cx, &mut emit) {
                Poll::Ready(Ok(Drained::Completed)) => {
                    this.round.set(None);
                    if !this.pause.is_zero() {
                        this.timer.set(later(now(), *this.pause));
                    }
                }
                Poll::Ready(Err(error)) => {
                    this.round.set(None);
                    *this.pristine = None;
                    return Poll::Ready(Err(error));
                }
                rest => return rest,
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .inputs(self.round.as_ref().or(self.pristine.as_ref()));
    }
}
