//! A buffer and what it is written to: what all sinks of bytes have in common.

use std::{
    error::Error,
    fmt::{self, Display},
    io::{self, Write as _},
};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::WriteError;

/// Bytes that the buffer keeps from one batch to the next; what a rare huge batch took beyond is given back.
const KEPT: usize = 1024 * 1024;

/// Something that is opened to be written.
pub(crate) trait Destination: Send {
    type Writer: AsyncWrite + Send + Unpin;

    /// Says what it is, as the end of a sentence: "cannot write to ...".
    fn name(&self) -> String;

    fn open(&mut self) -> impl Future<Output = io::Result<Self::Writer>> + Send;

    /// Ends what was flushed.
    fn close(writer: &mut Self::Writer) -> impl Future<Output = io::Result<()>> + Send {
        writer.shutdown()
    }
}

/// Opens its destination at the first write, and writes a batch at once.
pub(crate) struct Output<D: Destination> {
    destination: D,
    writer: Option<D::Writer>,
    buffer: Vec<u8>,
}

impl<D: Destination> Output<D> {
    pub(crate) fn new(destination: D) -> Self {
        Self {
            destination,
            writer: None,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn destination(&mut self) -> &mut D {
        &mut self.destination
    }

    /// Has `encode` add every item to the buffer, writes all of it, and then takes the items off `batch`.
    ///
    /// An item that cannot be encoded is the end; the items before it are written. What is not written stays in the batch.
    pub(crate) async fn write<T, E>(
        &mut self,
        batch: &mut Vec<T>,
        encode: impl Fn(&mut Vec<u8>, &T) -> Result<(), E>,
    ) -> Result<(), WriteError>
    where
        E: Error + Send + Sync + 'static,
    {
        // Not empty if the last write was cancelled.
        self.buffer.clear();
        let mut encoded = Ok(());
        let mut items = 0;
        for item in &*batch {
            let before = self.buffer.len();
            encoded = encode(&mut self.buffer, item);
            if encoded.is_err() {
                self.buffer.truncate(before);
                break;
            }
            items += 1;
        }
        let encoded = encoded.map_err(|cause| WriteError::Encode {
            to: self.destination.name(),
            cause: cause.into(),
        });
        let writer = open(&mut self.writer, &mut self.destination).await?;
        let written = writer.write_all(&self.buffer).await;
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        written.map_err(|cause| self.failed(cause))?;
        batch.drain(..items);
        encoded
    }

    pub(crate) async fn flush(&mut self) -> Result<(), WriteError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let flushed = writer.flush().await;
        flushed.map_err(|cause| self.failed(cause))
    }

    /// Flushes and closes; a destination that nothing was written to is opened for that, so that it exists.
    pub(crate) async fn close(&mut self) -> Result<(), WriteError> {
        let writer = open(&mut self.writer, &mut self.destination).await?;
        let closed = match writer.flush().await {
            Ok(()) => D::close(writer).await,
            Err(cause) => Err(cause),
        };
        self.writer = None;
        closed.map_err(|cause| self.failed(cause))
    }

    fn failed(&self, cause: io::Error) -> WriteError {
        WriteError::Write {
            to: self.destination.name(),
            cause,
        }
    }
}

/// Gives the writer, opened if it is not yet.
async fn open<'w, D: Destination>(
    writer: &'w mut Option<D::Writer>,
    destination: &mut D,
) -> Result<&'w mut D::Writer, WriteError> {
    let opened = match writer.take() {
        Some(opened) => opened,
        None => match destination.open().await {
            Ok(opened) => opened,
            Err(cause) => {
                let to = destination.name();
                return Err(WriteError::Open { to, cause });
            }
        },
    };
    Ok(writer.insert(opened))
}

/// Adds the text of an item and the end of its line.
pub(crate) fn encode_line<T: Display>(buffer: &mut Vec<u8>, item: &T) -> io::Result<()> {
    writeln!(buffer, "{item}")
}

impl<D: Destination> fmt::Debug for Output<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("to", &self.destination.name())
            .field("open", &self.writer.is_some())
            .finish_non_exhaustive()
    }
}
