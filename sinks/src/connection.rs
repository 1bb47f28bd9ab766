//! A writer that is opened at the first write: what all sinks that are no files write to.

use std::{collections::VecDeque, io, mem::MaybeUninit, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use crate::{
    WriteError,
    output::{Destination, Room},
};

/// The other side has so long to read what is left at a close.
const FAREWELL: Duration = Duration::from_secs(30);

/// Something that can be opened to be written, again after it broke.
pub(crate) trait Open: Send {
    type Writer: AsyncWrite + Send + Unpin;

    fn name(&self) -> String;

    fn open(&mut self) -> impl Future<Output = io::Result<Self::Writer>> + Send;

    /// Tells whether the other side is known to be gone.
    fn is_gone(_writer: &mut Self::Writer) -> bool {
        false
    }

    /// Waits until the other side has ended as well, which it does when it has read all.
    fn ended(_writer: &mut Self::Writer) -> impl Future<Output = io::Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// A writer that is opened when it is needed, and dropped when it breaks.
pub(crate) struct Connection<O: Open> {
    to: O,
    writer: Option<O::Writer>,
    /// Nothing was written since it was opened.
    empty: bool,
    sent: Sent,
}

/// What was written last, to be written again to the next connection.
#[derive(Default)]
struct Sent {
    /// Bytes that are kept at least, if so many were written.
    kept: usize,
    bytes: usize,
    batches: VecDeque<Vec<u8>>,
}

impl<O: Open> Connection<O> {
    pub(crate) fn new(to: O) -> Self {
        Self {
            to,
            writer: None,
            empty: true,
            sent: Sent::default(),
        }
    }

    /// Keeps the last `bytes`, and whole batches, for the next connection.
    pub(crate) fn resend(&mut self, bytes: usize) {
        self.sent.kept = bytes;
    }

    /// Gives the writer, opened if it is not yet; it is put back after a success.
    async fn take_writer(&mut self) -> Result<O::Writer, WriteError> {
        let opened = self.writer.take();
        if let Some(mut writer) = opened
            && !(self.sent.kept > 0 && O::is_gone(&mut writer))
        {
            return Ok(writer);
        }
        let mut writer = self.to.open().await.map_err(|cause| WriteError::Open {
            to: self.to.name(),
            cause,
        })?;
        self.empty = self.sent.batches.is_empty();
        for batch in &self.sent.batches {
            let resent = writer.write_all(batch).await;
            resent.map_err(|cause| self.failed(cause))?;
        }
        Ok(writer)
    }

    fn failed(&self, cause: io::Error) -> WriteError {
        WriteError::Write {
            to: self.to.name(),
            cause,
        }
    }
}

impl<O: Open> Destination for Connection<O> {
    fn name(&self) -> String {
        self.to.name()
    }

    async fn room(&mut self, _lines: bool) -> Result<Room, WriteError> {
        self.writer = Some(self.take_writer().await?);
        Ok(Room {
            empty: self.empty,
            bytes: u64::MAX,
        })
    }

    async fn write(&mut self, bytes: &mut Vec<u8>) -> Result<(), WriteError> {
        // Out of its place, so that a write that fails or is cancelled leaves no half item for the next to follow.
        let mut writer = self.take_writer().await?;
        let written = writer.write_all(bytes).await;
        written.map_err(|cause| self.failed(cause))?;
        self.writer = Some(writer);
        self.empty = false;
        self.sent.keep(bytes);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), WriteError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let flushed = writer.flush().await;
        flushed.map_err(|cause| {
            self.writer = None;
            self.failed(cause)
        })
    }

    async fn close(&mut self, _lines: bool) -> Result<(), WriteError> {
        let mut writer = self.take_writer().await?;
        let flushed = writer.flush().await;
        flushed.map_err(|cause| self.failed(cause))?;
        let closed = writer.shutdown().await;
        closed.map_err(|cause| self.failed(cause))?;
        if self.sent.kept == 0 {
            return Ok(());
        }
        let ended = timeout(FAREWELL, O::ended(&mut writer)).await;
        let ended = ended.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        ended.map_err(|cause| self.failed(cause))
    }
}

impl Sent {
    fn keep(&mut self, batch: &[u8]) {
        if self.kept == 0 {
            return;
        }
        self.bytes += batch.len();
        self.batches.push_back(batch.to_vec());
        while let Some(oldest) = self.batches.front()
            && self.bytes - oldest.len() >= self.kept
        {
            self.bytes -= oldest.len();
            self.batches.pop_front();
        }
    }
}

/// Reads away what has come, and tells whether the end has.
///
/// Asks the system: the runtime may not have heard of an end by now, and what is written after that is lost without an error.
pub(crate) fn has_ended<'a, S>(stream: &'a S) -> bool
where
    SockRef<'a>: From<&'a S>,
{
    let socket = SockRef::from(stream);
    let mut bytes = [MaybeUninit::uninit(); 1024];
    loop {
        match socket.recv(&mut bytes) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Ok(0) | Err(_) => return true,
        }
    }
}

/// Reads away what comes, until the end.
pub(crate) async fn read_to_end<R: AsyncRead + Unpin>(reader: &mut R) -> io::Result<()> {
    let mut bytes = [0; 1024];
    while reader.read(&mut bytes).await? > 0 {}
    Ok(())
}
