//! What a WebSocket server sends to who subscribes, also after the connection was lost.
//! Run with: `cargo run --example ws_feed --features ws -- ws://127.0.0.1:9001 '{"subscribe":"levels"}'`

use std::{env, error::Error, time::Duration};

use thalweg::{
    sinks::stdout,
    sources::{
        reconnecting,
        ws::{Client, Event},
    },
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("usage: ws_feed URL [SUBSCRIPTION...]")?;
    // Sent again over every new connection.
    let client = arguments.fold(Client::new(url), Client::subscribe);

    client
        .ping_every(Duration::from_secs(20))
        .idle_timeout(Duration::from_mins(1))
        .reconnect(reconnecting().max_retries(20))
        .events()
        .filter_map(|event| match event {
            Event::Message(message) => Some(message),
            Event::Disconnected { error, retry_after } => {
                eprintln!("{error}; again in {retry_after:?}");
                None
            }
            // What was sent while there was no connection is missing: `Connected` is the place to fetch the state anew.
            _ => None,
        })
        .run_into(stdout())
        .await?;
    Ok(())
}
