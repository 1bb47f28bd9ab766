//! A document of an HTTP server, printed whenever it has changed.
//! Run with: `cargo run --example http_poll --features http -- http://127.0.0.1:8000/ 5`, with `python3 -m http.server`

use std::{env, error::Error, time::Duration};

use thalweg::{
    prelude::*,
    sinks::stdout,
    sources::{http::Polling, reconnecting},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or("usage: http_poll URL [SECONDS]")?;
    let seconds = arguments.next().map_or(Ok(30), |seconds| seconds.parse())?;
    if seconds == 0 {
        return Err("0 seconds are no pause between two requests: take 1 or more".into());
    }

    Polling::new(url, Duration::from_secs(seconds))
        .answer_timeout(Duration::from_secs(10))
        // A server that is not there for a while; a status such as 404 is the end.
        .reconnect(reconnecting().max_retries(10))
        .flow()
        .map(|document| String::from_utf8_lossy(&document.body).into_owned())
        .run_into(stdout())
        .await?;
    Ok(())
}
