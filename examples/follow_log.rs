//! The lines of logs with `ERROR` in them, in a file of their own: none is left out, also if this program is killed.
//! Run with: `cargo run --example follow_log --features signal -- 'logs/*.log' errors`, and stop it with Ctrl-C

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
    let (Some(logs), Some(errors)) = (arguments.next(), arguments.next()) else {
        return Err("usage: follow_log PATTERN ERRORS".into());
    };

    let positions = PositionStore::new(format!("{errors}.positions"));
    // The pattern, not what a shell makes of it: logs that begin later are followed too.
    let run = Tail::glob(&logs)?
        .tracked(&positions)
        .flow()
        // What is wrong with a log is told, and it goes on when that is over.
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
