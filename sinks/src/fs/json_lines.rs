//! `json_lines`: a file with a line of JSON for every item.

use std::path::Path;

use serde::Serialize;
use thalweg_core::Sink;

use super::file::FilePath;
use crate::{WriteError, output::Output};

/// Writes every item as a line of JSON into a file, which is made new, or emptied if it is there; see
/// [`JsonLines::append`].
///
/// A batch is encoded into one buffer, which is kept, and is one write. A flush hands all of it to the system; the close
/// waits until it is on the disk.
///
/// # Errors
///
/// [`WriteError`] if the file cannot be opened or written, or if an item has no form in JSON; the items before it are
/// written then. It names the file.
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
    JsonLines {
        output: Output::new(FilePath::new(path.as_ref())),
    }
}

/// The sink of [`json_lines`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct JsonLines {
    output: Output<FilePath>,
}

impl JsonLines {
    /// Keeps what is in the file and writes after it.
    pub fn append(mut self) -> Self {
        self.output.destination().append();
        self
    }
}

impl<T: Serialize + Send> Sink<T> for JsonLines {
    type Error = WriteError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError> {
        self.output.write(batch, encode).await
    }

    async fn flush(&mut self) -> Result<(), WriteError> {
        self.output.flush().await
    }

    async fn close(&mut self) -> Result<(), WriteError> {
        self.output.close().await
    }
}

fn encode<T: Serialize>(buffer: &mut Vec<u8>, item: &T) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *buffer, item)?;
    buffer.push(b'\n');
    Ok(())
}
