//! All clients go and come back at once: how long it takes until all are served again.

use std::time::Instant;

use super::{Scenario, float, microseconds, milliseconds};
use crate::{failure::Failure, result::Column, session::Session};

const COLUMNS: &[Column] = &[
    Column::new("ms until served", 0),
    Column::new("ms until connected", 0),
    Column::new("us/reconnect", 0),
    Column::sum("lost"),
    Column::sum("repeated"),
];

const BYTES: usize = 100;

pub(super) fn scenario(quick: bool) -> Scenario {
    let clients = if quick { 200 } else { 2_000 };
    Scenario {
        name: "churn",
        about: format!("{clients} clients reconnect at once, and get an event"),
        rounds: 1,
        columns: COLUMNS,
        run: Box::new(move |session| run(session, clients)),
        goals: |_| Vec::new(),
    }
}

fn run(session: &mut Session, clients: usize) -> Result<Vec<f64>, Failure> {
    session.connect(clients)?;
    session.warm_up(BYTES)?;
    let before = session.server.processor_time()?;
    let start = Instant::now();
    session.fleet.disconnect();
    session.fleet.connect(clients, clients)?;
    let connected = start.elapsed();
    session.publish(1, BYTES)?;
    session.settle()?;
    let served = start.elapsed();
    let spent = session.server.processor_time()?.saturating_sub(before);
    let tally = &session.fleet.tally;
    Ok(vec![
        milliseconds(served),
        milliseconds(connected),
        microseconds(spent) / float(clients as u64),
        float(session.fleet.lost()),
        float(tally.repeated),
    ])
}
