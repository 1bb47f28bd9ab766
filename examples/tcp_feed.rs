//! What a TCP server sends as lines of JSON, one field of it, also after the connection was lost.
//! Run with: `cargo run --example tcp_feed -- 127.0.0.1:7009 price`; to be a server: `nc -lk 7009`

use std::{env, error::Error, time::Duration};

use serde_json::Value;
use thalweg::{
    prelude::*,
    sinks::stdout,
    sources::{TcpFrames, framing::json_lines, reconnecting},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(address), Some(field)) = (arguments.next(), arguments.next()) else {
        return Err("usage: tcp_feed ADDRESS FIELD".into());
    };

    TcpFrames::new(&address, json_lines::<Value>().errors_as_items())
        .connect_timeout(Duration::from_secs(5))
        // A server that is gone without a word.
        .idle_timeout(Duration::from_mins(1))
        .reconnect(reconnecting().max_retries(10))
        .flow()
        .ok_items(|error| eprintln!("{error}"))
        .filter_map(move |event| event.get(&field).cloned())
        .distinct_until_changed()
        .run_into(stdout())
        .await?;
    Ok(())
}
