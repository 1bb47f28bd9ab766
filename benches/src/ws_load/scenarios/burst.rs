//! Many events at a time, and the next ones when all have come: what a server can do.

use std::time::{Duration, Instant};

use super::{Scenario, float, milliseconds};
use crate::{
    contestant::{Role, U_WEB_SOCKETS},
    failure::Failure,
    result::{Column, Rows, Standing},
    session::Session,
};

/// The deliveries that a second of the server's core makes: the generator, or whoever else uses the machine, can slow down a
/// server but not this.
const CAPACITY: Column = Column::new("M/core second", 2);
const COLUMNS: &[Column] = &[
    CAPACITY,
    Column::new("M/s", 2),
    Column::new("core used %", 0),
    Column::new("p50 ms", 1),
    Column::new("p99 ms", 1),
    Column::sum("lost"),
    Column::sum("repeated"),
];

const BYTES: usize = 100;
const AT_ONCE: u64 = 32;

pub(super) fn scenario(quick: bool) -> Scenario {
    let (clients, time, rounds) = if quick {
        (200, Duration::from_millis(300), 1)
    } else {
        (1_000, Duration::from_millis(800), 3)
    };
    Scenario {
        name: "burst",
        about: format!(
            "{clients} clients, {AT_ONCE} events of {BYTES} bytes at once, and again when all have come"
        ),
        rounds,
        columns: COLUMNS,
        run: Box::new(move |session| run(session, clients, time)),
        goals,
    }
}

fn run(session: &mut Session, clients: usize, time: Duration) -> Result<Vec<f64>, Failure> {
    session.connect(clients)?;
    session.warm_up(BYTES)?;
    let (before, start) = (session.server.processor_time()?, Instant::now());
    session.publish_again(time, AT_ONCE, BYTES)?;
    let elapsed = start.elapsed().as_secs_f64();
    let spent = session
        .server
        .processor_time()?
        .saturating_sub(before)
        .as_secs_f64();
    let tally = &session.fleet.tally;
    let millions = float(tally.deliveries) / 1e6;
    Ok(vec![
        millions / spent,
        millions / elapsed,
        spent / elapsed * 100.0,
        milliseconds(tally.latency(0.5)),
        milliseconds(tally.latency(0.99)),
        float(session.fleet.lost()),
        float(tally.repeated),
    ])
}

fn goals(rows: &Rows) -> Vec<Standing> {
    let ours = rows.ours(CAPACITY);
    let library = rows.most(CAPACITY, |who| who.role == Role::Rust);
    let named = rows.most(CAPACITY, |who| who.name == U_WEB_SOCKETS);
    [
        Standing::at_least(2.5, ours, library),
        Standing::at_least(1.0, ours, named),
    ]
    .into_iter()
    .flatten()
    .collect()
}
