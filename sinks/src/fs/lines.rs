//! `lines`: a file with a line for every item.

use std::path::Path;

use super::file::{FileSink, file};
use crate::encoding::Text;

/// Writes every item as a line of a file, which is made new, or emptied if it is there; see [`FileSink::append`].
///
/// It is a [`file`](crate::file) of [`Text`]; it has its options. An item whose text has line breaks makes several lines.
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
/// use thalweg::{prelude::*, sinks::lines};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("squares.txt");
/// (1..=3).flow().map(|n| n * n).run_into(lines(&path)).await?;
/// assert_eq!(std::fs::read_to_string(&path)?, "1\n4\n9\n");
/// # Ok(()) }
/// ```
pub fn lines(path: impl AsRef<Path>) -> Lines {
    file(path, Text)
}

/// The sink of [`lines`].
pub type Lines = FileSink<Text>;
