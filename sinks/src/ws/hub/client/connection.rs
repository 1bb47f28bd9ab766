//! The connection to a client, of whatever kind.

use std::pin::Pin;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

pub(in super::super) trait Socket: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Socket for T {}

/// The connection to a client.
pub(in super::super) enum Connection {
    /// In place, for nearly all are of this kind: what stands elsewhere is a cache miss more for every write.
    Tcp(TcpStream),
    Other(Pin<Box<dyn Socket>>),
}

impl Connection {
    pub(in super::super) fn other(socket: impl Socket + 'static) -> Self {
        Self::Other(Box::pin(socket))
    }

    /// Gives what can be read from and written to.
    pub(super) fn io(&mut self) -> Pin<&mut dyn Socket> {
        match self {
            Self::Tcp(stream) => Pin::<&mut TcpStream>::new(stream),
            Self::Other(socket) => socket.as_mut(),
        }
    }
}
