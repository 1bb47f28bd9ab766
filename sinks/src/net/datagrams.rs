//! A datagram for every item: what UDP and Unix sockets have in common.

use std::{fmt, io};

use crate::{
    WriteError,
    encoding::{Encode, EncodeError},
    rest::Rest,
};

/// Something that datagrams are sent to.
pub(super) trait Mailbox: Send {
    type Socket: Send + Sync;

    fn name(&self) -> String;

    fn open(&self) -> impl Future<Output = io::Result<Self::Socket>> + Send;

    fn send(socket: &Self::Socket, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

/// Opens its socket at the first write.
pub(super) struct Datagrams<M: Mailbox, F> {
    to: M,
    encoding: F,
    socket: Option<M::Socket>,
    buffer: Vec<u8>,
}

impl<M: Mailbox, F> Datagrams<M, F> {
    pub(super) fn new(to: M, encoding: F) -> Self {
        Self {
            to,
            encoding,
            socket: None,
            buffer: Vec::new(),
        }
    }

    /// Sends the items one by one; what is not sent stays in the batch.
    pub(super) async fn write<T>(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError>
    where
        F: Encode<T>,
    {
        let mut rest = Rest::of(batch);
        while let Some(encoded) = self.encode(rest.items.as_slice()) {
            encoded.map_err(|cause| WriteError::Encode {
                to: self.to.name(),
                cause,
            })?;
            let socket = match self.socket.take() {
                Some(socket) => socket,
                None => self.to.open().await.map_err(|cause| WriteError::Open {
                    to: self.to.name(),
                    cause,
                })?,
            };
            let sent = M::send(&socket, &self.buffer).await;
            sent.map_err(|cause| WriteError::Write {
                to: self.to.name(),
                cause,
            })?;
            self.socket = Some(socket);
            rest.items.next();
        }
        Ok(())
    }

    /// Encodes the first item into the buffer, if there is one.
    fn encode<T>(&mut self, items: &[T]) -> Option<Result<(), EncodeError>>
    where
        F: Encode<T>,
    {
        let item = items.first()?;
        self.buffer.clear();
        Some(self.encoding.encode(item, &mut self.buffer))
    }
}

impl<M: Mailbox, F> fmt::Debug for Datagrams<M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagrams")
            .field("to", &self.to.name())
            .field("open", &self.socket.is_some())
            .finish_non_exhaustive()
    }
}
