//! Lines of the standard input to a TCP server, which reads each at least once, also if connections break in between.
//! Run with: `ls -l | cargo run --example tcp_send -- 127.0.0.1:7007`, with `tcp_lines_to_file` as the server

use std::{env, error::Error, time::Duration};

use thalweg::{
    operators::error::Backoff,
    sinks::{retrying, tcp_lines},
    sources::stdin_lines,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).ok_or("usage: tcp_send ADDRESS")?;
    // What the other side may not have read when a connection broke is sent again over the next one.
    let server = tcp_lines(address).resend(1 << 20);
    let patience = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(10));
    stdin_lines()
        .run_into(retrying(server, patience.max_retries(10)))
        .await?;
    Ok(())
}
