//! A server that writes the lines of all its TCP clients to one file of JSON lines, until Ctrl-C.
//! Run with: `cargo run --example tcp_lines_to_file`, then in another terminal: `nc 127.0.0.1 7007`

use std::{error::Error, net::SocketAddr, time::Duration};

use serde::Serialize;
use thalweg::{
    sinks::json_lines,
    sources::{from_iter, tcp_connections},
};
use tokio::{net::TcpListener, signal::ctrl_c};

#[derive(Serialize)]
struct Line {
    peer: SocketAddr,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:7007").await?;
    println!("send lines with `nc 127.0.0.1 7007`; they go to lines.jsonl until Ctrl-C");

    let run = tcp_connections(listener)
        // At most a thousand clients at once; more wait until one leaves.
        .merge_map(1000, |connection| {
            let peer = connection.peer();
            let lines = connection.lines().map(move |text| Line { peer, text });
            // A client that fails is no reason to stop serving the others.
            lines.catch(|error| {
                eprintln!("{error}");
                from_iter(None).with_error()
            })
        })
        .spawn_into(json_lines("lines.jsonl").append());

    ctrl_c().await?;
    // Sockets close, lines that came are written, the file is on the disk: or an error tells what was left.
    println!("\n{}", run.stop(Duration::from_secs(5)).await?);
    Ok(())
}
