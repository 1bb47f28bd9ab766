//! Live events to every WebSocket client, until Ctrl-C.
//! Run with: `cargo run --example ws_hub --features ws`

use std::{env, error::Error, time::Duration};

use serde_json::json;
use thalweg::{sinks::ws::Hub, sources::interval};
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:9001".to_owned());
    let hub = Hub::builder().bind(address).await?;
    let url = format!("ws://{}/?topic=level", hub.address());
    println!("listening on {url}: connect with `websocat`, or in the console of a browser:");
    println!("  new WebSocket('{url}').onmessage = event => console.log(event.data)");

    let handle = hub.handle();
    let mut level = 100_i32;
    let run = interval(Duration::from_millis(500))
        .map(move |_| {
            level += fastrand::i32(-3..=3);
            json!({ "level_cm": level, "clients": handle.clients("level") })
        })
        .spawn_into(hub.json("level"));

    ctrl_c().await?;
    // Every client gets what is on its way, and a goodbye.
    println!("\n{}", run.stop(Duration::from_secs(10)).await?);
    Ok(())
}
