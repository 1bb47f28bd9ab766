//! `interval`: a tick every so often.

use std::{convert::Infallible, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow, Timer as Clock};
use tokio::time::Instant;

/// Emits a [`Tick`] every `period`, the first one `period` after the first poll.
///
/// ```text
///      interval(3)
/// out  ---t--t--t--t…
/// ```
///
/// Ticks that the consumer had no time for are skipped, and the next one tells how many; for other ways see
/// [`Interval::burst`] and [`Interval::delay`]. Completes when it is asked to stop, never by itself.
///
/// # Backpressure
///
/// A tick waits until the consumer wants it. Holds none.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Panics
///
/// Panics if `period` is 0.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thalweg::{prelude::*, sources::interval};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let ticks = interval(Duration::from_secs(1)).take(3);
/// assert_eq!(ticks.count().await, Ok(3));
/// # }
/// ```
#[doc(alias = "tick")]
#[track_caller]
pub fn interval(period: Duration) -> Flow<Interval> {
    Interval::new(period).flow()
}

/// Emits a [`Tick`] at the first poll and every `period` from then on; else as [`interval`].
///
/// ```text
///      interval_now(3)
/// out  t--t--t--t…
/// ```
///
/// # Backpressure
///
/// A tick waits until the consumer wants it. Holds none.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Panics
///
/// Panics if `period` is 0.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thalweg::{prelude::*, sources::interval_now};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut ticks = interval_now(Duration::from_hours(1));
/// assert_eq!(ticks.next().await.map(|tick| tick.is_some()), Ok(true));
/// # }
/// ```
#[track_caller]
pub fn interval_now(period: Duration) -> Flow<Interval> {
    Interval::new(period).at_once().flow()
}

/// A tick of an [`interval`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When it was due; with [`Interval::delay`] when it came.
    pub at: Instant,
    /// How many ticks before it were skipped because the consumer was busy.
    pub missed: u64,
}

/// The observable of [`interval`]. A clone starts anew.
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Interval {
    period: Duration,
    first: Duration,
    when_late: WhenLate,
    next: Next,
    clock: Clock,
    id: StageId,
}

/// What becomes of ticks that the consumer had no time for.
#[derive(Clone, Copy, Debug)]
enum WhenLate {
    Skip,
    Burst,
    Delay,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Unknown,
    At(Instant),
    /// Beyond the end of the clock.
    Never,
    Ended,
}

impl Interval {
    /// Sets the period; [`flow`](IntoFlow::flow) puts the operators on it.
    ///
    /// # Panics
    ///
    /// Panics if `period` is 0.
    #[track_caller]
    pub fn new(period: Duration) -> Self {
        Self::first_after(StageId::here("interval"), period, period)
    }

    /// Ticks `first` after the first poll, then every `period`.
    #[track_caller]
    pub(super) fn first_after(id: StageId, first: Duration, period: Duration) -> Self {
        assert!(!period.is_zero(), "an interval of 0 is always due");
        Self {
            period,
            first,
            when_late: WhenLate::Skip,
            next: Next::Unknown,
            clock: Clock::new(),
            id,
        }
    }

    /// Ticks at the first poll too, as [`interval_now`].
    pub fn at_once(mut self) -> Self {
        self.first = Duration::ZERO;
        self
    }

    /// Makes up for ticks that the consumer had no time for, all at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::Interval};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let mut ticks = Interval::new(Duration::from_secs(1)).burst().flow();
    /// let first = ticks.next().await.unwrap().unwrap();
    /// tokio::time::advance(Duration::from_secs(2)).await;
    /// let second = ticks.next().await.unwrap().unwrap();
    /// assert_eq!(second.at - first.at, Duration::from_secs(1));
    /// assert_eq!(second.missed, 0);
    /// # }
    /// ```
    pub fn burst(mut self) -> Self {
        self.when_late = WhenLate::Burst;
        self
    }

    /// Counts the period from when a tick came, so that there is a whole one before the next.
    pub fn delay(mut self) -> Self {
        self.when_late = WhenLate::Delay;
        self
    }

    /// Gives the tick that has been due since `due`, and plans the next one.
    fn tick(&mut self, due: Instant, now: Instant) -> Tick {
        let tick = match self.when_late {
            WhenLate::Burst => Tick { at: due, missed: 0 },
            WhenLate::Delay => Tick { at: now, missed: 0 },
            WhenLate::Skip => {
                let late = (now - due).as_nanos();
                let period = self.period.as_nanos();
                Tick {
                    at: now - Duration::from_nanos_u128(late % period),
                    missed: u64::try_from(late / period).unwrap_or(u64::MAX),
                }
            }
        };
        self.next = Next::after(tick.at, self.period);
        tick
    }
}

impl Next {
    fn after(instant: Instant, wait: Duration) -> Self {
        instant.checked_add(wait).map_or(Self::Never, Self::At)
    }
}

impl Clone for Interval {
    fn clone(&self) -> Self {
        Self {
            next: Next::Unknown,
            clock: Clock::new(),
            ..*self
        }
    }
}

impl Observable for Interval {
    type Item = Tick;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(Tick) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.next = Next::Ended;
            this.clock = Clock::new();
        }
        let now = Instant::now();
        loop {
            let due = match this.next {
                Next::Unknown => {
                    this.next = Next::after(now, this.first);
                    continue;
                }
                Next::At(due) => due,
                Next::Never => return Poll::Pending,
                Next::Ended => return Poll::Ready(Ok(Drained::Completed)),
            };
            this.clock.set(due);
            if !this.clock.poll(cx.task(), now) {
                return Poll::Pending;
            }
            if !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            // The runtime's clock may be past `due` although `now` is not: the consumer was busy in this very poll.
            let now = if now < due { Instant::now() } else { now };
            let tick = this.tick(due, now.max(due));
            if emit(tick).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}
