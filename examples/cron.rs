//! The next three times of a cron expression, as they come.
//! Run with: `cargo run --example cron --features cron -- '*/5 * * * * *' Europe/Berlin`

use std::{env, error::Error};

use jiff::Timestamp;
use thalweg::{
    prelude::*,
    sinks::stdout,
    sources::{Cron, Occurrence},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    // Six fields begin with the second, five with the minute.
    let expression = arguments.next().unwrap_or("* * * * * *".to_owned());
    let zone = arguments.next().unwrap_or("UTC".to_owned());

    Cron::new(&expression)?
        .time_zone(&zone)?
        .flow()
        .take(3)
        .map(|Occurrence { at, missed }| Ok::<_, jiff::Error>((Timestamp::try_from(at)?, missed)))
        .raise()
        .map(|(at, missed)| format!("{at}, {missed} missed"))
        .run_into(stdout())
        .await?;
    Ok(())
}
