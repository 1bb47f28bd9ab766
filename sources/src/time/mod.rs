//! What the clock says.

mod interval;
mod timer;

pub use interval::{Interval, Tick, interval, interval_now};
pub use timer::{Timer, timer};
