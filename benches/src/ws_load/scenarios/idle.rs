//! Many connections that have had one event each: what keeping one costs.

use std::time::{Duration, Instant};

use super::{Scenario, float, microseconds};
use crate::{
    failure::Failure,
    readings,
    result::{Column, Rows, Standing},
    session::Session,
};

const MEMORY: Column = Column::new("kB/connection", 1);
const COLUMNS: &[Column] = &[
    MEMORY,
    Column::new("in sockets kB", 1),
    Column::new("process MB", 1),
    Column::new("us/accept", 0),
];

const BYTES: usize = 100;

/// How long a server has to come to rest.
const REST: Duration = Duration::from_millis(300);

pub(super) fn scenario(quick: bool) -> Scenario {
    let clients = if quick { 500 } else { 5_000 };
    Scenario {
        name: "idle",
        about: format!("{clients} connections"),
        rounds: 1,
        columns: COLUMNS,
        run: Box::new(move |session| run(session, clients)),
        goals,
    }
}

fn run(session: &mut Session, clients: usize) -> Result<Vec<f64>, Failure> {
    // The first client pays for what all share.
    session.connect(1)?;
    session.warm_up(BYTES)?;
    let resident = session.server.resident()?;
    let sockets = readings::socket_memory()?;
    let before = session.server.processor_time()?;
    session.connect(clients)?;
    let spent = session.server.processor_time()?.saturating_sub(before);
    session.publish(1, BYTES)?;
    session.settle()?;
    session.fleet.serve(Instant::now() + REST)?;

    let count = float(clients as u64);
    let now = session.server.resident()?;
    let per_client = |bytes: u64| float(bytes) / count / 1e3;
    Ok(vec![
        per_client(now.saturating_sub(resident)),
        per_client(readings::socket_memory()?.saturating_sub(sockets)),
        float(now) / 1e6,
        microseconds(spent) / count,
    ])
}

fn goals(rows: &Rows) -> Vec<Standing> {
    Standing::within(4.0, "kB", rows.ours(MEMORY))
        .into_iter()
        .collect()
}
