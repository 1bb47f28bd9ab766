//! `async_write` and what it shares with `write_lines`: any writer.

use std::{fmt::Display, io};

use thalweg_core::Sink;
use tokio::io::AsyncWrite;

use crate::{
    connection::{Connection, Open},
    encoding::{Encode, Raw},
    output::{Output, sink_is_output},
};

/// Writes the bytes of every item into `writer`; errors call it `name`. The close shuts the writer down.
///
/// Nothing is added between items. A batch is one write. For other encodings see [`Writer::encoded`].
///
/// # Backpressure
///
/// A writer that takes a batch slowly holds back the flow. Holds one encoded batch.
///
/// # Durability
///
/// What a write has taken is in the hands of the writer, which is flushed when the flow has nothing ready. What a crash loses
/// of it is up to the writer.
///
/// # Errors
///
/// [`WriteError`](crate::WriteError) if the writer fails, and at every write after that: nobody knows what it took.
///
/// # Cancel safety
///
/// A write that is cancelled drops the writer.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::async_write};
/// use tokio::io::AsyncReadExt;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (ours, mut theirs) = tokio::io::duplex(64);
/// ["ab", "cd"].flow().run_into(async_write(ours, "a pipe")).await?;
/// let mut received = String::new();
/// theirs.read_to_string(&mut received).await?;
/// assert_eq!(received, "abcd");
/// # Ok(()) }
/// ```
pub fn async_write<W>(writer: W, name: impl Display) -> Writer<W, Raw>
where
    W: AsyncWrite + Send + Unpin,
{
    Writer::encoded(writer, name, Raw)
}

/// The sink of [`async_write`] and [`write_lines`](crate::write_lines).
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Writer<W: AsyncWrite + Send + Unpin, F> {
    output: Output<Connection<Given<W>>, F>,
}

impl<W: AsyncWrite + Send + Unpin, F> Writer<W, F> {
    /// Creates a sink that writes items by an encoding into `writer`; errors call it `name`.
    pub fn encoded(writer: W, name: impl Display, encoding: F) -> Self {
        let given = Given {
            writer: Some(writer),
            name: name.to_string(),
        };
        Self {
            output: Output::new(Connection::new(given), encoding),
        }
    }
}

impl<T, W, F> Sink<T> for Writer<W, F>
where
    T: Send,
    W: AsyncWrite + Send + Unpin,
    F: Encode<T> + Send + Sync,
{
    sink_is_output!(T);
}

struct Given<W> {
    writer: Option<W>,
    name: String,
}

impl<W: AsyncWrite + Send + Unpin> Open for Given<W> {
    type Writer = W;

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn open(&mut self) -> io::Result<W> {
        // Given once: after a failure or a close there is nothing to write to.
        self.writer
            .take()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
