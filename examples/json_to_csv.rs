//! Trades as lines of JSON, turned into a table; lines that are no trades are told, with their numbers, and left out.
//! Run with: `cargo run --example json_to_csv --features csv -- trades.jsonl trades.csv`

use std::{env, error::Error};

use serde::{Deserialize, Serialize};
use thalweg::{
    sinks::csv,
    sources::framing::{frames, json_lines},
};
use tokio::fs::File;

#[derive(Deserialize, Serialize)]
struct Trade {
    pair: String,
    price: f64,
    #[serde(default)]
    note: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: json_to_csv FROM TO".into());
    };
    let file = File::open(&from)
        .await
        .map_err(|error| format!("cannot open {from}: {error}"))?;

    frames(file, &from, json_lines::<Trade>().errors_as_items())
        .ok_items(|error| eprintln!("{error}"))
        // The table is there when it is complete; what was there before stays until then.
        .run_into(csv(&to).atomic())
        .await?;
    Ok(())
}
