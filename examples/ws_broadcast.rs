//! Live events to every WebSocket client, until Ctrl-C.
//! Run with: `cargo run --example ws_broadcast --features ws`

use std::{env, error::Error, time::Duration};

use thalweg::{sinks::ws, sources::interval};
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:9001".to_owned());
    let server = ws::broadcast(address).bind().await?;
    let url = format!("ws://{}", server.address());
    println!("listening on {url}: connect with `websocat`, or in the console of a browser:");
    println!("  new WebSocket('{url}').onmessage = event => console.log(event.data)");

    let clients = server.clients();
    let mut level = 100_i32;
    let run = interval(Duration::from_millis(500))
        .map(move |_| {
            level += fastrand::i32(-3..=3);
            format!(r#"{{"level_cm":{level},"clients":{}}}"#, clients.count())
        })
        .spawn_into(server);

    ctrl_c().await?;
    // Every client gets what is on its way, and a goodbye.
    println!("\n{}", run.stop(Duration::from_secs(10)).await?);
    Ok(())
}
