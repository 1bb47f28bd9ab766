//! `write_lines`: lines into any writer.

use std::{fmt::Display, io};

use thalweg_core::Sink;
use tokio::io::AsyncWrite;

use crate::{
    WriteError,
    output::{Destination, Output, encode_line},
};

/// Writes every item as a line into `writer`; errors call it `name`. The close shuts the writer down.
///
/// # Errors
///
/// [`WriteError`] if the writer fails.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::write_lines};
/// use tokio::io::AsyncReadExt;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (ours, mut theirs) = tokio::io::duplex(64);
/// (1..=3).flow().run_into(write_lines(ours, "a pipe")).await?;
/// let mut received = String::new();
/// theirs.read_to_string(&mut received).await?;
/// assert_eq!(received, "1\n2\n3\n");
/// # Ok(()) }
/// ```
pub fn write_lines<W>(writer: W, name: impl Display) -> WriteLines<W>
where
    W: AsyncWrite + Send + Unpin,
{
    WriteLines {
        output: Output::new(Given {
            writer: Some(writer),
            name: name.to_string(),
        }),
    }
}

/// The sink of [`write_lines`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct WriteLines<W: AsyncWrite + Send + Unpin> {
    output: Output<Given<W>>,
}

impl<T, W> Sink<T> for WriteLines<W>
where
    T: Display + Send,
    W: AsyncWrite + Send + Unpin,
{
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

struct Given<W> {
    writer: Option<W>,
    name: String,
}

impl<W: AsyncWrite + Send + Unpin> Destination for Given<W> {
    type Writer = W;

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn open(&mut self) -> io::Result<W> {
        // Given once: after a close there is nothing to write to.
        self.writer
            .take()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
