//! What a hub's journal costs: events that are published with it and without, beside a file that is written by hand.
//!
//! ```text
//! cargo run --release -p benches --bin journal
//! ```

use std::{
    error::Error,
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use thalweg::{
    Sink,
    sinks::ws::{Event, Hub},
};
use tokio::runtime::Builder;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Everyone runs once in a round, so that noise hits all alike.
const ROUNDS: usize = 9;
const BYTES: usize = 100;

/// How the events of a contestant come to the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// A hub that keeps nothing.
    Memory,
    /// A hub with a journal: every batch is in the memory of the system before a client gets it.
    Journal,
    /// A file that every batch is appended to.
    File,
    /// The same, brought to the disk before the next batch.
    SyncedFile,
}

const CONTESTANTS: [(&str, Keep); 4] = [
    ("hub without a journal", Keep::Memory),
    ("hub with a journal", Keep::Journal),
    ("a file, a write a batch", Keep::File),
    ("a file, a write and fdatasync a batch", Keep::SyncedFile),
];

fn main() -> Outcome<()> {
    println!("events of {BYTES} bytes, published in batches");
    for batch in [1, 32, 1024] {
        let mut times = vec![Vec::new(); CONTESTANTS.len()];
        for _ in 0..ROUNDS {
            for ((_, keep), times) in CONTESTANTS.into_iter().zip(&mut times) {
                // A sync takes as long as thousands of writes.
                let batches = match keep {
                    Keep::SyncedFile => 20,
                    _ => 100_000_usize.div_ceil(batch),
                };
                let time = run(keep, batches, batch)?;
                times.push(time.as_secs_f64() / count(batches * batch));
            }
        }
        println!(
            "\n{:40} {:>10} {:>14}",
            format!("batches of {batch}"),
            "us/event",
            "events/s"
        );
        for ((name, _), mut times) in CONTESTANTS.into_iter().zip(times) {
            times.sort_unstable_by(f64::total_cmp);
            let median = times[ROUNDS / 2];
            println!("  {name:38} {:>10.2} {:>14.0}", median * 1e6, 1.0 / median);
        }
    }
    Ok(())
}

fn run(keep: Keep, batches: usize, batch: usize) -> Outcome<Duration> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("journal");
    match keep {
        Keep::Memory | Keep::Journal => Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(publish(keep, &path, batches, batch)),
        Keep::File | Keep::SyncedFile => append(keep, &path, batches, batch),
    }
}

async fn publish(keep: Keep, path: &Path, batches: usize, batch: usize) -> Outcome<Duration> {
    let mut hub = Hub::builder();
    if keep == Keep::Journal {
        hub = hub.journal(path);
    }
    let mut hub = hub.start().await?;
    let event = Event::raw("load", "1".repeat(BYTES));
    let mut events = Vec::new();
    let start = Instant::now();
    for _ in 0..batches {
        events.resize(batch, event.clone());
        while !events.is_empty() {
            hub.write(&mut events).await?;
        }
    }
    // Dropped, not closed: a close brings the journal to the disk.
    Ok(start.elapsed())
}

fn append(keep: Keep, path: &Path, batches: usize, batch: usize) -> Outcome<Duration> {
    let mut file = File::create(path)?;
    let lines = format!("{}\n", "1".repeat(BYTES)).repeat(batch);
    let start = Instant::now();
    for _ in 0..batches {
        file.write_all(lines.as_bytes())?;
        if keep == Keep::SyncedFile {
            file.sync_data()?;
        }
    }
    Ok(start.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
fn count(events: usize) -> f64 {
    events as f64
}
