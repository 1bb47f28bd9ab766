//! `unix_datagrams`: a datagram for every item, to a Unix socket.

use std::{io, path::Path, path::PathBuf};

use thalweg_core::Sink;
use tokio::net::UnixDatagram;

use super::datagrams::{Datagrams, Mailbox};
use crate::{WriteError, encoding::Encode};

/// Sends every item by an encoding as a datagram to the Unix socket `path`, as syslog and journald listen at.
///
/// Datagrams keep their order and none is lost while the receiver is there.
///
/// # Backpressure
///
/// A receiver whose queue is full holds back the flow. Holds one encoded datagram.
///
/// # Durability
///
/// What a write has taken is in the receiver's queue: it survives a crash of this program, and is lost with the receiver.
///
/// # Errors
///
/// [`WriteError`] if nobody listens at the path, if the receiver leaves, or if an item has no form in the encoding or is
/// longer than a datagram can be. Items that were not sent are still in the batch, and the next write connects anew.
///
/// # Cancel safety
///
/// What was not sent is still in the batch.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::{encoding::Raw, unix_datagrams}};
/// use tokio::net::UnixDatagram;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("log.sock");
/// let server = UnixDatagram::bind(&path)?;
/// ["to", "sea"].flow().run_into(unix_datagrams(&path, Raw)).await?;
///
/// let mut received = [0; 16];
/// assert_eq!(server.recv(&mut received).await?, 2);
/// assert_eq!(server.recv(&mut received).await?, 3);
/// # Ok(()) }
/// ```
#[doc(alias = "syslog")]
pub fn unix_datagrams<F>(path: impl AsRef<Path>, encoding: F) -> UnixDatagrams<F> {
    let socket = Socket {
        path: path.as_ref().to_owned(),
    };
    UnixDatagrams {
        datagrams: Datagrams::new(socket, encoding),
    }
}

/// The sink of [`unix_datagrams`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct UnixDatagrams<F> {
    datagrams: Datagrams<Socket, F>,
}

impl<T, F> Sink<T> for UnixDatagrams<F>
where
    T: Send,
    F: Encode<T> + Send + Sync,
{
    type Error = WriteError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError> {
        self.datagrams.write(batch).await
    }
}

struct Socket {
    path: PathBuf,
}

impl Mailbox for Socket {
    type Socket = UnixDatagram;

    fn name(&self) -> String {
        format!("the socket {}", self.path.display())
    }

    async fn open(&self) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(&self.path)?;
        Ok(socket)
    }

    async fn send(socket: &UnixDatagram, bytes: &[u8]) -> io::Result<usize> {
        socket.send(bytes).await
    }
}
