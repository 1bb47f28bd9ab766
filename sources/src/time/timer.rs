//! `timer`: one item after a while.

use std::{convert::Infallible, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow, Timer as Clock};
use tokio::time::Instant;

use super::Interval;

/// Emits one `()` when `after` has passed since the first poll, then completes.
///
/// ```text
///      timer(4)
/// out  ----(()|)
/// ```
///
/// Completes without an item when it is asked to stop before. For more ticks after the first see [`Timer::then_every`].
///
/// # Backpressure
///
/// The item waits until the consumer wants it. Holds none.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thalweg::{prelude::*, sources::timer};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let tea = timer(Duration::from_secs(180)).map(|()| "the tea is ready");
/// assert_eq!(tea.collect::<Vec<_>>().await, Ok(vec!["the tea is ready"]));
/// # }
/// ```
#[doc(alias = "delay")]
#[track_caller]
pub fn timer(after: Duration) -> Flow<Timer> {
    Timer::new(after).flow()
}

/// The observable of [`timer`]. A clone starts anew.
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Timer {
    state: State,
    after: Duration,
    clock: Clock,
    id: StageId,
}

impl Timer {
    /// Sets the time; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(after: Duration) -> Self {
        Self {
            state: State::Idle,
            after,
            clock: Clock::new(),
            id: StageId::here("timer"),
        }
    }

    /// Ticks every `period` after the first time, as an [`interval`](super::interval) does.
    ///
    /// ```text
    ///      timer(4) then_every(2)
    /// out  ----t-t-t-t…
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `period` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::Timer};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let warm_up = Duration::from_secs(60);
    /// let checks = Timer::new(warm_up).then_every(Duration::from_secs(5)).flow();
    /// assert_eq!(checks.take(3).count().await, Ok(3));
    /// # }
    /// ```
    #[doc(alias = "period")]
    #[track_caller]
    pub fn then_every(self, period: Duration) -> Interval {
        Interval::first_after(self.id, self.after, period)
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Running,
    /// The time has passed; the item is not emitted yet.
    Due,
    Ended,
}

impl Clone for Timer {
    fn clone(&self) -> Self {
        Self {
            state: State::Idle,
            after: self.after,
            clock: Clock::new(),
            id: self.id,
        }
    }
}

impl Observable for Timer {
    type Item = ();
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(()) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.state = State::Ended;
        }
        let now = Instant::now();
        loop {
            match this.state {
                State::Idle => {
                    // A time beyond the end of the clock never comes.
                    if let Some(due) = now.checked_add(this.after) {
                        this.clock.set(due);
                    }
                    this.state = State::Running;
                }
                State::Running if this.clock.poll(cx.task(), now) => this.state = State::Due,
                State::Running => return Poll::Pending,
                State::Due => {
                    if !cx.spend() {
                        return Poll::Ready(Ok(Drained::Exhausted));
                    }
                    this.state = State::Ended;
                    this.clock = Clock::new();
                    if emit(()).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                State::Ended => return Poll::Ready(Ok(Drained::Completed)),
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}
