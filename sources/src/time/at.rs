//! `at`: an item at each of some instants of the wall clock.

use std::{convert::Infallible, fmt, ops::ControlFlow, pin::Pin, task::Poll, time::SystemTime};

use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{Flow, IntoFlow};

use super::{
    Occurrence,
    calendar::{Calendar, Schedule},
};

/// Emits an [`Occurrence`] at each of the given instants, in ascending order, and completes after the last.
///
/// ```text
///      at([4, 6, 9])
/// out  ----o-o--(o|)
/// ```
///
/// An instant is whatever becomes a [`SystemTime`], as the types of `jiff`, `chrono` and `time` do. They are taken from
/// the iterator one by one, one ahead, so it may be endless. Instants that have passed before the consumer had time for
/// them, or before the first poll, are skipped but for the last of them, which is emitted at once and tells how many; for
/// all of them see [`At::burst`]. One that lies before the one before it is due at once.
///
/// Completes too when it is asked to stop.
///
/// It goes by the wall clock and looks at it every minute, so it is not off after the clock was set or the machine slept.
///
/// # Backpressure
///
/// An occurrence waits until the consumer wants it. Holds none.
///
/// # Cancel safety
///
/// Nothing is lost but what was taken from the iterator, one ahead.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use thalweg::{prelude::*, sources::at};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let now = SystemTime::now();
/// let yesterday = now - Duration::from_hours(24);
/// let mut deadlines = at([yesterday, now]);
/// let last = deadlines.next().await.unwrap().unwrap();
/// assert_eq!((last.at, last.missed), (now, 1));
/// # }
/// ```
#[doc(alias = "timer")]
#[doc(alias = "schedule")]
#[track_caller]
pub fn at<I>(instants: I) -> Flow<At<I::IntoIter>>
where
    I: IntoIterator<Item: Into<SystemTime>>,
{
    At::new(instants).flow()
}

/// The observable of [`at`]. A clone goes on from the same place.
#[derive(Clone)]
#[must_use = "observables do nothing unless they are polled"]
pub struct At<I> {
    calendar: Calendar<Instants<I>>,
}

// The iterator is never pinned.
impl<I> Unpin for At<I> {}

impl<I: Iterator> At<I> {
    /// Takes the instants; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(instants: impl IntoIterator<IntoIter = I>) -> Self {
        Self {
            calendar: Calendar::new("at", Instants(instants.into_iter())),
        }
    }

    /// Makes up for instants that have passed, all at once.
    pub fn burst(mut self) -> Self {
        self.calendar.make_up();
        self
    }

    /// Reads the time off `clock`, in place of the system's; for tests on tokio's paused clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use thalweg::{prelude::*, sources::At};
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let start = Instant::now();
    /// let in_an_hour = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
    /// let alarm = At::new([in_an_hour]).clock(move || SystemTime::UNIX_EPOCH + start.elapsed());
    /// assert_eq!(alarm.flow().count().await, Ok(1));
    /// assert_eq!(start.elapsed(), Duration::from_hours(1));
    /// # }
    /// ```
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.calendar.set_clock(clock);
        self
    }
}

#[derive(Clone)]
struct Instants<I>(I);

impl<I: Iterator<Item: Into<SystemTime>>> Schedule for Instants<I> {
    fn next(&mut self, _now: SystemTime) -> Option<SystemTime> {
        self.0.next().map(Into::into)
    }
}

impl<I: Iterator<Item: Into<SystemTime>>> Observable for At<I> {
    type Item = Occurrence;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(Occurrence) -> ControlFlow<()>,
    {
        self.calendar.poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.calendar.describe(plan);
    }
}

impl<I> fmt::Debug for At<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calendar.fmt(f)
    }
}
