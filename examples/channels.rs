//! What a program's own channels carry, as one flow: readings of a thread, judged by the limit that holds just then.
//! Run with: `cargo run --example channels`, then type readings such as `21.5`, and limits such as `limit 30`

use std::{error::Error, io::stdin, thread};

use thalweg::{
    sinks::stdout,
    sources::{from_mpsc, from_watch},
};
use tokio::sync::{mpsc, watch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (readings_in, readings) = mpsc::channel(64);
    let (limit, limits) = watch::channel(20.0);
    // A part of the program that knows nothing of flows: it sends into tokio's channels, and waits when one is full.
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            match line.strip_prefix("limit ").map_or(line.parse(), str::parse) {
                Ok(number) if line.starts_with("limit ") => drop(limit.send(number)),
                Ok(number) => drop(readings_in.blocking_send(number)),
                Err(error) => eprintln!("{line:?} is no number: {error}"),
            }
        }
    });

    from_mpsc(readings)
        .with_latest_from(from_watch(limits))
        .map(|(reading, limit): (f64, f64)| {
            let verdict = if reading > limit { "too high" } else { "fine" };
            format!("{reading} is {verdict}, with a limit of {limit}")
        })
        .run_into(stdout())
        .await?;
    Ok(())
}
