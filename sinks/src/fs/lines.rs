//! `lines`: a file with a line for every item.

use std::{fmt::Display, path::Path};

use thalweg_core::Sink;

use super::file::FilePath;
use crate::{
    WriteError,
    output::{Output, encode_line},
};

/// Writes every item as a line of a file, which is made new, or emptied if it is there; see [`Lines::append`].
///
/// A batch is one write. A flush hands all of it to the system; the close waits until it is on the disk. An item whose text
/// has line breaks makes several lines.
///
/// # Errors
///
/// [`WriteError`] if the file cannot be opened or written. It names the file.
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
    Lines {
        output: Output::new(FilePath::new(path.as_ref())),
    }
}

/// The sink of [`lines`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Lines {
    output: Output<FilePath>,
}

impl Lines {
    /// Keeps what is in the file and writes after it.
    pub fn append(mut self) -> Self {
        self.output.destination().append();
        self
    }
}

impl<T: Display + Send> Sink<T> for Lines {
    type Error = WriteError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError> {
        self.output.write(batch, encode_line).await
    }

    async fn flush(&mut self) -> Result<(), WriteError> {
        self.output.flush().await
    }

    async fn close(&mut self) -> Result<(), WriteError> {
        self.output.close().await
    }
}
