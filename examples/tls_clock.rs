//! The time, every second, for every client that connects over TLS.
//! Run with: `cargo run --example tls_clock --features tls -- certificate.pem key.pem`, then in another terminal:
//! `openssl s_client -connect 127.0.0.1:7443 -quiet`

use std::{env, error::Error, time::Duration};

use jiff::Timestamp;
use thalweg::{
    sinks::{null, write_lines},
    sources::{Connection, interval_now, tcp_connections, tls::TlsServer},
};
use tokio::{net::TcpListener, signal::ctrl_c};

async fn serve(connection: Connection, tls: TlsServer) -> Result<(), Box<dyn Error + Send + Sync>> {
    let peer = connection.peer();
    let stream = tls.accept(connection.into_stream()).await?;
    interval_now(Duration::from_secs(1))
        .map(|_| Timestamp::now())
        .run_into(write_lines(stream, peer))
        .await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(certificate), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err("usage: tls_clock CERTIFICATE KEY [ADDRESS]".into());
    };
    let address = arguments.next().unwrap_or("127.0.0.1:7443".to_owned());
    let tls = TlsServer::from_pem(certificate, key)?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {} until Ctrl-C", listener.local_addr()?);

    let run = tcp_connections(listener)
        // Slow handshakes hold up nobody: each client has a task of its own.
        .par_map_unordered(100, move |connection| serve(connection, tls.clone()))
        .ok_items(|error| eprintln!("{error}"))
        .spawn_into(null());
    // Clocks have no end of their own, so there is nothing to wait for.
    ctrl_c().await?;
    run.abort();
    Ok(())
}
