//! `cron`: an item whenever the wall clock matches an expression.

use std::{
    convert::Infallible, error::Error, fmt, ops::ControlFlow, pin::Pin, str::FromStr, task::Poll,
    time::SystemTime,
};

use jiff::{Timestamp, Zoned, tz::TimeZone};
use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{Flow, IntoFlow};

use super::{
    Occurrence,
    calendar::{Calendar, Schedule},
};

/// Emits an [`Occurrence`] whenever the time in UTC matches a cron expression; for other time zones see
/// [`Cron::time_zone`].
///
/// ```text
///      cron("*/3 * * * * *")
/// out  ---o--o--o…
/// ```
///
/// An expression has five fields, `minute hour day-of-month month day-of-week`; one more before them is the second, one
/// more after those is the year. A field is `*`, a number, a name (`MON`, `JAN`), a range `1-5`, a step `*/15`, or a list
/// of these with commas; `L`, `W` and `#` are the last, the nearest workday and the n-th weekday (`FRI#2`). `@daily` and
/// its kin work too. Where both day fields are told, either of them will do, as cron has it.
///
/// Occurrences that the consumer had no time for are skipped, and the next one tells how many; for all of them see
/// [`Cron::burst`]. Completes when there are no more of them, as after the years of the expression, and when it is asked
/// to stop.
///
/// It goes by the wall clock and looks at it every minute, so it is not off after the clock was set or the machine slept.
/// A clock that is set back repeats nothing.
///
/// # Backpressure
///
/// An occurrence waits until the consumer wants it. Holds none.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Errors
///
/// [`CronError::Expression`] if the expression cannot be read. The flow itself cannot fail.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::cron};
///
/// # fn main() -> Result<(), thalweg::sources::CronError> {
/// let reports = cron("0 9 * * MON-FRI")?.map(|morning| format!("the report of {:?}", morning.at));
/// # drop(reports);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "schedule")]
#[doc(alias = "crontab")]
#[track_caller]
pub fn cron(expression: &str) -> Result<Flow<Cron>, CronError> {
    Cron::new(expression).map(IntoFlow::flow)
}

/// The observable of [`cron`]. A clone goes on from the same place.
///
/// # Examples
///
/// Six in the morning in Berlin, on a clock of its own:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use thalweg::{prelude::*, sources::Cron};
/// use tokio::time::Instant;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), thalweg::sources::CronError> {
/// let start = Instant::now();
/// let mut mornings = Cron::new("0 6 * * *")?
///     .time_zone("Europe/Berlin")?
///     .clock(move || SystemTime::UNIX_EPOCH + start.elapsed())
///     .flow();
/// mornings.next().await.unwrap();
/// // The clock began at midnight in UTC, which was one o'clock there.
/// assert_eq!(start.elapsed(), Duration::from_hours(5));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Cron {
    calendar: Calendar<Matches>,
}

impl Cron {
    /// Reads the expression, for the time in UTC; [`flow`](IntoFlow::flow) puts the operators on it.
    ///
    /// # Errors
    ///
    /// [`CronError::Expression`] if the expression cannot be read.
    #[track_caller]
    pub fn new(expression: &str) -> Result<Self, CronError> {
        match croner::Cron::from_str(expression) {
            Ok(pattern) => Ok(Self {
                calendar: Calendar::new(
                    "cron",
                    Matches {
                        pattern,
                        zone: TimeZone::UTC,
                        last: None,
                    },
                ),
            }),
            Err(reason) => Err(CronError::Expression {
                expression: expression.to_owned(),
                reason: Box::new(reason),
            }),
        }
    }

    /// Goes by the time in another zone, by its name in the IANA database: `Europe/Berlin`.
    ///
    /// A time of day that is left out when the clocks go forward comes at the end of the gap; one that comes twice when
    /// they go back counts once, the first time. An expression with a `*` or a step as minute or hour goes on at
    /// its pace: what is left out is left out, and an hour that comes twice has its occurrences twice.
    ///
    /// The database is the system's, or one that is built in where the system has none.
    ///
    /// # Errors
    ///
    /// [`CronError::TimeZone`] if there is no zone of that name.
    pub fn time_zone(mut self, name: &str) -> Result<Self, CronError> {
        let zone = TimeZone::get(name).map_err(|reason| CronError::TimeZone {
            name: name.to_owned(),
            reason: Box::new(reason),
        })?;
        if let Some(matches) = self.calendar.schedule_mut() {
            matches.zone = zone;
        }
        Ok(self)
    }

    /// Makes up for occurrences that the consumer had no time for, all at once.
    pub fn burst(mut self) -> Self {
        self.calendar.make_up();
        self
    }

    /// Reads the time off `clock`, in place of the system's; for tests on tokio's paused clock.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.calendar.set_clock(clock);
        self
    }
}

/// The times that match an expression, from the first look at the clock on.
#[derive(Clone)]
struct Matches {
    pattern: croner::Cron,
    zone: TimeZone,
    last: Option<Zoned>,
}

impl Schedule for Matches {
    fn next(&mut self, now: SystemTime) -> Option<SystemTime> {
        let after = match self.last.take() {
            Some(last) => last,
            None => Timestamp::try_from(now).ok()?.to_zoned(self.zone.clone()),
        };
        // The search only fails at the end of the calendar.
        let next = self.pattern.find_next_occurrence(&after, false).ok()?;
        let at = next.timestamp().into();
        self.last = Some(next);
        Some(at)
    }
}

impl Observable for Cron {
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

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calendar.fmt(f)
    }
}

/// Why a schedule could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum CronError {
    /// The expression cannot be read.
    Expression {
        /// The expression as it was given.
        expression: String,
        /// What is wrong with it.
        reason: Box<dyn Error + Send + Sync>,
    },
    /// There is no such time zone.
    TimeZone {
        /// The name as it was given.
        name: String,
        /// Where it was looked for.
        reason: Box<dyn Error + Send + Sync>,
    },
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, given, reason, advice) = match self {
            Self::Expression { expression, reason } => (
                "read the cron expression",
                expression,
                reason,
                "give minute, hour, day of month, month and day of week, as in \"0 9 * * MON-FRI\"",
            ),
            Self::TimeZone { name, reason } => (
                "find the time zone",
                name,
                reason,
                "give a name of the IANA database, as \"Europe/Berlin\"",
            ),
        };
        let reason = reason.to_string();
        let reason = reason.trim_end_matches('.');
        write!(f, "cannot {what} {given:?} ({reason}): {advice}")
    }
}

impl Error for CronError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // `Display` already says what the cause says, so the chain goes on below it.
        match self {
            Self::Expression { reason, .. } | Self::TimeZone { reason, .. } => reason.source(),
        }
    }
}
