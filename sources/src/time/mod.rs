//! What the clock says.

#[cfg(feature = "cron")]
mod at;
#[cfg(feature = "cron")]
mod calendar;
#[cfg(feature = "cron")]
mod cron;
mod interval;
mod timer;

#[cfg(feature = "cron")]
pub use at::{At, at};
#[cfg(feature = "cron")]
pub use calendar::Occurrence;
#[cfg(feature = "cron")]
pub use cron::{Cron, CronError, cron};
pub use interval::{Interval, Tick, interval, interval_now};
pub use timer::{Timer, timer};
