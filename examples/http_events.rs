//! The events that a server sends (SSE), each with its id, by which they go on where they were after a lost connection.
//! Run with: `cargo run --example http_events --features http -- http://127.0.0.1:3000/events [LAST-ID]`

use std::{env, error::Error, time::Duration};

use thalweg::{
    prelude::*,
    sinks::stdout,
    sources::{http::sse::Sse, reconnecting},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or("usage: http_events URL [LAST-ID]")?;
    let server = Sse::new(url)
        .idle_timeout(Duration::from_mins(1))
        .reconnect(reconnecting().max_retries(20));
    let server = match arguments.next() {
        // What an earlier run of this program printed last.
        Some(id) => server.last_event_id(id),
        None => server,
    };

    server
        .flow()
        .map(|event| format!("{} {} {}", event.id, event.event, event.data))
        .run_into(stdout())
        .await?;
    Ok(())
}
