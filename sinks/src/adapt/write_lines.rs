//! `write_lines`: lines into any writer.

use std::fmt::Display;

use tokio::io::AsyncWrite;

use super::async_write::Writer;
use crate::encoding::Text;

/// Writes every item as a line into `writer`; errors call it `name`. The close shuts the writer down.
///
/// As [`async_write`](crate::async_write), but for the line breaks.
///
/// # Backpressure
///
/// As [`async_write`](crate::async_write).
///
/// # Durability
///
/// As [`async_write`](crate::async_write).
///
/// # Errors
///
/// As [`async_write`](crate::async_write).
///
/// # Cancel safety
///
/// As [`async_write`](crate::async_write).
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
    Writer::encoded(writer, name, Text)
}

/// The sink of [`write_lines`].
pub type WriteLines<W> = Writer<W, Text>;
