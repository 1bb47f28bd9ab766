//! Connections of any kind, and how clients make them.

use std::{io, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

use crate::line_source::Opening;

/// Bytes to and from another program.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Transport for S {}

pub(crate) type BoxTransport = Box<dyn Transport>;

/// Whom a client connects to, and how.
pub(crate) trait Dial: Clone {
    /// Says what it is, as the middle of a sentence: "cannot open ...".
    fn name(&self) -> String;

    fn dial(&self) -> Opening<BoxTransport>;
}

/// Time that a client gives a server to take its connection unless it is told otherwise.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Bounds the time of a connection that is being made.
pub(crate) async fn within<T>(
    limit: Duration,
    connecting: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let late = |_| {
        let late = format!("no connection within {limit:?}");
        Err(io::Error::new(io::ErrorKind::TimedOut, late))
    };
    timeout(limit, connecting).await.unwrap_or_else(late)
}

/// Has the system ask the other side whether it is there, after a silence of that time, and break the connection if not.
pub(crate) fn keep_alive(stream: &TcpStream, after: Duration) -> io::Result<()> {
    SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(after))
}
