//! A TCP server that answers every line with the number of its words.
//! Run with: `cargo run --example tcp_server`, then in another terminal: `nc 127.0.0.1 7008`

use std::{env, error::Error, time::Duration};

use thalweg::{
    sinks::{null, write_lines},
    sources::{Connection, read_lines, tcp_connections},
};
use tokio::{net::TcpListener, signal::ctrl_c};

async fn serve(connection: Connection) {
    let peer = connection.peer();
    let (read, write) = connection.into_stream().into_split();
    let answers = read_lines(read, peer).map(|line| line.split_whitespace().count());
    // A client that reads no answers is read from no more.
    if let Err(error) = answers.run_into(write_lines(write, peer)).await {
        eprintln!("{error}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:7008".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {} until Ctrl-C", listener.local_addr()?);

    let run = tcp_connections(listener)
        // A task for each client, on all cores.
        .par_map_unordered(1000, serve)
        .spawn_into(null());
    // No more clients; those that are there have five seconds to come to their end.
    run.stop_when(ctrl_c(), Duration::from_secs(5)).await?;
    Ok(())
}
