//! A ticker that falls behind for a while and tells what it missed.
//! Run with: `cargo run --example ticker`

use std::{error::Error, time::Duration};

use thalweg::{
    sinks::stdout,
    sources::{Tick, interval},
};
use tokio::time::Instant;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    interval(Duration::from_millis(200))
        .take(8)
        .map(move |Tick { at, missed }| {
            let time = at - start;
            if time.as_millis() / 200 == 3 {
                // Nobody ticks while this thread is busy with something else.
                std::thread::sleep(Duration::from_millis(700));
            }
            format!("tick at {:.1} s, {missed} missed", time.as_secs_f64())
        })
        .run_into(stdout())
        .await?;
    Ok(())
}
