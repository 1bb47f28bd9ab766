//! One event at a time, at a rate that leaves everybody time to breathe: what a delivery costs.

use std::time::Duration;

use super::{Scenario, float, microseconds, milliseconds};
use crate::{
    contestant::Role,
    failure::Failure,
    result::{Column, Rows, Standing},
    session::Session,
};

const COST: Column = Column::new("us/delivery", 2);
const COLUMNS: &[Column] = &[
    COST,
    Column::new("p50 ms", 2),
    Column::new("p99 ms", 2),
    Column::new("p999 ms", 2),
    Column::sum("lost"),
    Column::sum("repeated"),
];

const BYTES: usize = 100;
const PERIOD: Duration = Duration::from_millis(20);

pub(super) fn scenario(quick: bool) -> Scenario {
    let (clients, events, rounds) = if quick { (200, 25, 1) } else { (1_000, 60, 3) };
    Scenario {
        name: "single",
        about: format!("{clients} clients, an event of {BYTES} bytes every {PERIOD:?}"),
        rounds,
        columns: COLUMNS,
        run: Box::new(move |session| run(session, clients, events)),
        goals,
    }
}

fn run(session: &mut Session, clients: usize, events: u32) -> Result<Vec<f64>, Failure> {
    session.connect(clients)?;
    session.warm_up(BYTES)?;
    let before = session.server.processor_time()?;
    session.publish_paced(events, PERIOD, 1, BYTES)?;
    let spent = session.server.processor_time()?.saturating_sub(before);
    let tally = &session.fleet.tally;
    Ok(vec![
        microseconds(spent) / float(tally.deliveries),
        milliseconds(tally.latency(0.5)),
        milliseconds(tally.latency(0.99)),
        milliseconds(tally.latency(0.999)),
        float(session.fleet.lost()),
        float(tally.repeated),
    ])
}

fn goals(rows: &Rows) -> Vec<Standing> {
    let hand = rows.least(COST, |who| who.role == Role::Hand);
    Standing::at_most(1.15, rows.ours(COST), hand)
        .into_iter()
        .collect()
}
