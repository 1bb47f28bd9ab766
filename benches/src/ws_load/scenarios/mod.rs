//! What is done to a server, one file each.

mod burst;
mod churn;
mod idle;
mod single;
mod stalled;

use std::time::Duration;

use crate::{
    failure::Failure,
    result::{Column, Rows, Standing},
    session::Session,
};

/// Gives a value for each column.
type Run = Box<dyn Fn(&mut Session) -> Result<Vec<f64>, Failure>>;

/// A scenario, which runs with a fresh server in every round.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: String,
    pub(crate) rounds: usize,
    pub(crate) columns: &'static [Column],
    pub(crate) run: Run,
    /// Says how our goals stand.
    pub(crate) goals: fn(&Rows) -> Vec<Standing>,
}

/// Gives all scenarios; the quick ones tell whether everything works, and little of how fast.
pub(crate) fn all(quick: bool) -> Vec<Scenario> {
    vec![
        single::scenario(quick),
        burst::scenario(quick),
        idle::scenario(quick),
        stalled::scenario(quick),
        churn::scenario(quick),
    ]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}
