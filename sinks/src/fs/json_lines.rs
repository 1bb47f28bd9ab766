//! `json_lines`: a file with a line of JSON for every item.

use std::path::Path;

use super::file::{FileSink, file};
use crate::encoding::Json;

/// Writes every item as a line of JSON into a file, which is made new, or emptied if it is there; see
/// [`FileSink::append`].
///
/// It is a [`file`](crate::file) of [`Json`], and has its options.
///
/// # Backpressure
///
/// As [`file`](crate::file).
///
/// # Durability
///
/// As [`file`](crate::file).
///
/// # Errors
///
/// As [`file`](crate::file).
///
/// # Cancel safety
///
/// As [`file`](crate::file).
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::json_lines};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("trades.jsonl");
/// let trades = [("EURUSD", 1.08), ("GBPUSD", 1.27)].flow();
/// trades.run_into(json_lines(&path)).await?;
/// assert_eq!(std::fs::read_to_string(&path)?, "[\"EURUSD\",1.08]\n[\"GBPUSD\",1.27]\n");
/// # Ok(()) }
/// ```
#[doc(alias = "ndjson")]
#[doc(alias = "jsonl")]
pub fn json_lines(path: impl AsRef<Path>) -> JsonLines {
    file(path, Json)
}

/// The sink of [`json_lines`].
pub type JsonLines = FileSink<Json>;
