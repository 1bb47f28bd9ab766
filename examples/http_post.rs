//! Lines of the standard input posted to an HTTP server in batches; what it does not take goes into a file.
//! Run with: `seq 100 | cargo run --example http_post --features http -- http://127.0.0.1:8080/ refused.jsonl`

use std::{env, error::Error, time::Duration};

use thalweg::{
    operators::error::Backoff,
    sinks::{http, json_lines, or_dead_letter},
    sources::stdin_lines,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(url), Some(refused)) = (arguments.next(), arguments.next()) else {
        return Err("usage: http_post URL REFUSED".into());
    };
    let patience = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(10));
    let server = http::post(url)
        .max_items(100)
        .retries(patience.max_retries(5));

    let sink = or_dead_letter(server, json_lines(refused).append()).on_failure(
        |error, items: &[String]| eprintln!("{error}: {} lines put aside", items.len()),
    );
    let told = sink.meter().clone();
    stdin_lines().run_into(sink).await?;
    println!("{}", told.counts());
    Ok(())
}
