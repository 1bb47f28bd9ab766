//! A chat: what a WebSocket client says, all clients hear.
//! Run with: `cargo run --example ws_chat --features ws`, then in two other terminals: `websocat ws://127.0.0.1:9002/ann`

use std::{env, error::Error, time::Duration};

use thalweg::{
    hub::Delivery,
    prelude::*,
    sinks::null,
    sources::ws::{self, WsConnection, WsError},
};
use tokio::{net::TcpListener, signal::ctrl_c};

async fn serve(client: WsConnection, room: Subject<String>) -> Result<(), WsError> {
    let name = client.path.trim_start_matches('/').to_owned();
    // Who reads slowly misses the oldest of 100 lines, and holds up nobody.
    let heard = room.subscribe_with(Delivery::Lag(100)).flow();
    let sending = tokio::spawn(heard.run_into(client.sender));
    room.send(format!("{name} has come")).await;
    let said = client.received.map(|words| format!("{name}: {words}"));
    let ended = said.for_each_async(|line| room.send(line)).await;
    sending.abort();
    room.send(format!("{name} has gone")).await;
    ended
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:9002".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!(
        "listening on ws://{}/NAME until Ctrl-C",
        listener.local_addr()?
    );

    let room = Subject::new(1000);
    let run = ws::listen(listener)
        .par_map_unordered(1000, {
            let room = room.clone();
            move |client| serve(client, room.clone())
        })
        .ok_items(|error| eprintln!("{error}"))
        .spawn_into(null());
    ctrl_c().await?;
    // The end of the subject is the end of what every client hears: they are told goodbye, and leave.
    room.complete();
    run.stop(Duration::from_secs(5)).await?;
    Ok(())
}
