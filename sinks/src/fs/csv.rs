//! `csv`: a file of comma-separated values.

use std::path::Path;

use super::file::{FileSink, file};
use crate::encoding::Csv;

/// Writes every item as a record of comma-separated values into a file, which is made new, or emptied if it is there; see
/// [`FileSink::append`].
///
/// Every file, also each of a rotation, begins with the names of the fields, unless it is appended to. For other
/// separators and no names give [`Csv`] to [`file`](crate::file), whose options it has.
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
/// use serde::Serialize;
/// use thalweg::{prelude::*, sinks::csv};
///
/// #[derive(Serialize)]
/// struct Trade {
///     pair: &'static str,
///     price: f64,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("trades.csv");
/// let trades = [Trade { pair: "EUR,USD", price: 1.08 }].flow();
/// trades.run_into(csv(&path)).await?;
/// assert_eq!(std::fs::read_to_string(&path)?, "pair,price\n\"EUR,USD\",1.08\n");
/// # Ok(()) }
/// ```
pub fn csv(path: impl AsRef<Path>) -> FileSink<Csv> {
    file(path, Csv::default())
}
