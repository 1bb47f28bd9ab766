//! Lines of the standard input to a WebSocket server, which is connected to again if need be.
//! Run with: `cargo run --example ws_send --features ws -- ws://127.0.0.1:9002/ann`, with `ws_chat` as the server

use std::{env, error::Error, time::Duration};

use thalweg::{
    operators::error::Backoff,
    sinks::{retrying, ws},
    sources::stdin_lines,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: ws_send URL")?;
    let patience = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(10));
    stdin_lines()
        .run_into(retrying(ws::send(url), patience.max_retries(10)))
        .await?;
    Ok(())
}
