//! The lines of a log with `ERROR` in them, in a file of their own: none is left out, also if this program is killed.
//! Run with: `cargo run --example follow_log --features signal -- app.log errors.log`, and stop it with Ctrl-C

use std::{env, error::Error, time::Duration};

use thalweg::{
    Acknowledge,
    prelude::*,
    sinks::{Fsync, lines},
    sources::{PositionStore, Tail},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(log), Some(errors)) = (arguments.next(), arguments.next()) else {
        return Err("usage: follow_log LOG ERRORS".into());
    };

    let positions = PositionStore::new(format!("{errors}.positions"));
    let run = Tail::new(&log)
        .tracked(&positions)
        .flow()
        // What is wrong with the log is told, and it goes on when that is over.
        .ok_items(|error| eprintln!("{error}"))
        .map(|line| line.map(|line| line.to_text_lossy().into_owned()))
        // A line that is left out counts as dealt with.
        .filter_map(|line| line.filter(|text| text.contains("ERROR")))
        // Acknowledged when it is on the disk; what a crash cuts off before that is read again.
        .spawn_into(Acknowledge::new(
            lines(&errors).append().fsync(Fsync::AtFlush),
        ));

    let ended = run.stop_on_signal(Duration::from_secs(5))?.await;
    positions.save().await?;
    println!("{}", ended?);
    Ok(())
}
