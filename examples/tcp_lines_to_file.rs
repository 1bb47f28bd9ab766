//! A server that writes the lines of all its TCP clients to one file of JSON lines, until Ctrl-C.
//! Run with: `cargo run --example tcp_lines_to_file`, then in another terminal: `nc 127.0.0.1 7007`

use std::{env, error::Error, net::SocketAddr, time::Duration};

use serde::Serialize;
use thalweg::{
    sinks::json_lines,
    sources::{empty, tcp_connections},
};
use tokio::{net::TcpListener, signal::ctrl_c};

#[derive(Serialize)]
struct Line {
    peer: SocketAddr,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:7007".to_owned());
    let file = arguments.next().unwrap_or("lines.jsonl".to_owned());
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    println!("listening on {address}: lines go to {file} until Ctrl-C");

    let run = tcp_connections(listener)
        // At most a thousand clients at once; more wait until one leaves.
        .merge_map(1000, |connection| {
            let peer = connection.peer();
            let lines = connection.lines().map(move |text| Line { peer, text });
            // A client that fails is no reason to stop serving the others.
            lines.catch(|error| {
                eprintln!("{error}");
                empty().with_error()
            })
        })
        .spawn_into(json_lines(file).append());

    ctrl_c().await?;
    // Sockets close, lines that came are written, the file is on the disk: or an error tells what was left.
    println!("\n{}", run.stop(Duration::from_secs(5)).await?);
    Ok(())
}
