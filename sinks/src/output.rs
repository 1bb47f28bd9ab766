//! A buffer and what it is written to: what all sinks of bytes have in common.

use std::{fmt, ops::ControlFlow};

use crate::{
    WriteError,
    encoding::{Encode, EncodeError},
};

/// Bytes that the buffer keeps from one batch to the next; what a rare huge batch took beyond is given back.
const KEPT: usize = 1024 * 1024;

/// Something that bytes are written to, whole items at a time.
///
/// After a failed or cancelled write none of its bytes count as written: they come again, if their items do.
pub(crate) trait Destination: Send {
    /// Says what it is, as the end of a sentence: "cannot write to ...".
    fn name(&self) -> String;

    /// Opens it if it is not open, and tells what can be written.
    ///
    /// `lines` tells that what is written ends with a line break, and so should what is there already.
    fn room(&mut self, lines: bool) -> impl Future<Output = Result<Room, WriteError>> + Send;

    /// Makes room for an item that did not fit.
    fn make_room(&mut self) -> impl Future<Output = Result<(), WriteError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Writes all bytes, and leaves the buffer for the next.
    fn write(&mut self, bytes: &mut Vec<u8>)
    -> impl Future<Output = Result<(), WriteError>> + Send;

    fn flush(&mut self) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Ends what was flushed; what nothing was written to is opened for that, so that it exists.
    fn close(&mut self, lines: bool) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Ends what may not be complete.
    fn abandon(&mut self, lines: bool) -> impl Future<Output = Result<(), WriteError>> + Send {
        self.close(lines)
    }
}

/// What can be written to a destination as it is.
pub(crate) struct Room {
    /// Nothing is in it yet.
    pub(crate) empty: bool,
    pub(crate) bytes: u64,
}

/// Encodes a batch and writes it at once.
pub(crate) struct Output<D, F> {
    destination: D,
    encoding: F,
    buffer: Vec<u8>,
}

impl<D: Destination, F> Output<D, F> {
    pub(crate) fn new(destination: D, encoding: F) -> Self {
        Self {
            destination,
            encoding,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn destination(&mut self) -> &mut D {
        &mut self.destination
    }

    /// Writes the items that there is room for, and then takes them off `batch`.
    ///
    /// An item that cannot be encoded is the end; the items before it are written. What is not written stays in the batch.
    pub(crate) async fn write<T>(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError>
    where
        F: Encode<T>,
    {
        if batch.is_empty() {
            return Ok(());
        }
        let (items, encoded) = loop {
            let room = self.destination.room(F::LINES).await?;
            // Not empty if the last write was cancelled.
            self.buffer.clear();
            let (items, encoded) = encode_batch(&self.encoding, batch, &room, &mut self.buffer);
            if items > 0 || encoded.is_err() {
                break (items, encoded);
            }
            self.destination.make_room().await?;
        };
        if items > 0 {
            self.destination.write(&mut self.buffer).await?;
            batch.drain(..items);
        }
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
        encoded.map_err(|cause| WriteError::Encode {
            to: self.destination.name(),
            cause,
        })
    }

    pub(crate) async fn flush(&mut self) -> Result<(), WriteError> {
        self.destination.flush().await
    }

    pub(crate) async fn close<T>(&mut self) -> Result<(), WriteError>
    where
        F: Encode<T>,
    {
        self.destination.close(F::LINES).await
    }

    pub(crate) async fn abandon<T>(&mut self) -> Result<(), WriteError>
    where
        F: Encode<T>,
    {
        self.destination.abandon(F::LINES).await
    }
}

/// Adds items to the buffer as long as they fit, and tells how many; any fits into what is empty.
pub(crate) fn encode_batch<T, F: Encode<T>>(
    encoding: &F,
    batch: &[T],
    room: &Room,
    buffer: &mut Vec<u8>,
) -> (usize, Result<(), EncodeError>) {
    let (mut items, mut kept) = (0, buffer.len());
    let encoded = encoding.encode_all(batch, room.empty, buffer, |length| {
        let fits = room.empty && items == 0 || length as u64 <= room.bytes;
        if !fits {
            return ControlFlow::Break(());
        }
        items += 1;
        kept = length;
        ControlFlow::Continue(())
    });
    buffer.truncate(kept);
    (items, encoded)
}

impl<D: Destination, F> fmt::Debug for Output<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("to", &self.destination.name())
            .finish_non_exhaustive()
    }
}

/// Writes the methods of a [`Sink`](thalweg_core::Sink) of `T` that is its field `output`.
macro_rules! sink_is_output {
    ($T:ty) => {
        type Error = $crate::WriteError;

        async fn write(&mut self, batch: &mut Vec<$T>) -> Result<(), Self::Error> {
            self.output.write(batch).await
        }

        async fn flush(&mut self) -> Result<(), Self::Error> {
            self.output.flush().await
        }

        async fn close(&mut self) -> Result<(), Self::Error> {
            self.output.close::<$T>().await
        }

        async fn abandon(&mut self) -> Result<(), Self::Error> {
            self.output.abandon::<$T>().await
        }
    };
}

pub(crate) use sink_is_output;
