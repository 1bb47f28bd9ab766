//! Clients that never read beside others that do: what they cost, and whom.

use std::time::{Duration, Instant};

use super::{Scenario, float, milliseconds};
use crate::{
    failure::Failure,
    readings,
    result::{Column, Rows, Standing},
    session::Session,
};

const BEFORE: Column = Column::new("p99 ms before", 2);
const WITH: Column = Column::new("p99 ms with", 2);
const PROCESS: Column = Column::new("process MB", 2);
const KERNEL: Column = Column::new("unsent MB", 2);
const COLUMNS: &[Column] = &[
    BEFORE,
    WITH,
    PROCESS,
    KERNEL,
    Column::new("in sockets MB", 1),
    Column::sum("lost"),
    Column::sum("repeated"),
];

const READING: usize = 100;
const STALLED: usize = 10;
const AT_ONCE: u64 = 2;
const BYTES: usize = 8_000;
const PERIOD: Duration = Duration::from_millis(5);

/// How long a server has to come to rest.
const REST: Duration = Duration::from_millis(200);

pub(super) fn scenario(quick: bool) -> Scenario {
    let times = if quick { 100 } else { 400 };
    let owed = u64::from(times) * AT_ONCE * BYTES as u64 / 1_000_000;
    Scenario {
        name: "stalled",
        about: format!(
            "{READING} clients, {AT_ONCE} events of {BYTES} bytes every {PERIOD:?}; then {STALLED} more that never read, \
             each of which is owed {owed} MB in the end"
        ),
        // A p99 of two seconds is that of the worst 20 ms, which may be the machine.
        rounds: if quick { 1 } else { 5 },
        columns: COLUMNS,
        run: Box::new(move |session| run(session, times)),
        goals,
    }
}

fn run(session: &mut Session, times: u32) -> Result<Vec<f64>, Failure> {
    session.connect(READING)?;
    session.warm_up(BYTES)?;
    session.publish_paced(times, PERIOD, AT_ONCE, BYTES)?;
    let before = session.fleet.tally.latency(0.99);
    let (lost, repeated) = (session.fleet.lost(), session.fleet.tally.repeated);
    session.fleet.serve(Instant::now() + REST)?;
    let resident = session.server.resident()?;
    let sockets = readings::socket_memory()?;

    session.fleet.connect_stalled(STALLED)?;
    session.fleet.tally.restart();
    session.publish_paced(times, PERIOD, AT_ONCE, BYTES)?;
    session.fleet.serve(Instant::now() + REST)?;
    let tally = &session.fleet.tally;
    let megabytes = |bytes: u64| float(bytes) / 1e6;
    Ok(vec![
        milliseconds(before),
        milliseconds(tally.latency(0.99)),
        megabytes(session.server.resident()?.saturating_sub(resident)),
        megabytes(session.server.unsent()?),
        megabytes(readings::socket_memory()?.saturating_sub(sockets)),
        float(lost + session.fleet.lost()),
        float(repeated + tally.repeated),
    ])
}

fn goals(rows: &Rows) -> Vec<Standing> {
    let before = rows.ours(BEFORE).map(|(_, p99)| ("the p99 before", p99));
    [
        Standing::within(1.0, "MB in the process", rows.ours(PROCESS)),
        Standing::within(1.0, "MB in the kernel", rows.ours(KERNEL)),
        Standing::at_most(1.25, rows.ours(WITH), before),
    ]
    .into_iter()
    .flatten()
    .collect()
}
