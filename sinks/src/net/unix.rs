//! `unix`: to a server at a Unix socket, in any encoding.

use std::{io, path::Path, path::PathBuf};

use thalweg_core::Sink;
use tokio::net::UnixStream;

use crate::{
    connection::{Connection, Open, has_ended, read_to_end},
    encoding::Encode,
    output::{Output, sink_is_output},
};

/// Connects to the server at the Unix socket `path` and sends it every item by an encoding.
///
/// It is as [`tcp`](crate::tcp), and reconnects as that does.
///
/// # Backpressure
///
/// As [`tcp`](crate::tcp).
///
/// # Durability
///
/// As [`tcp`](crate::tcp).
///
/// # Errors
///
/// As [`tcp`](crate::tcp).
///
/// # Cancel safety
///
/// As [`tcp`](crate::tcp).
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::{encoding::Text, unix}};
/// use tokio::{io::AsyncReadExt, net::UnixListener};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("log.sock");
/// let server = UnixListener::bind(&path)?;
/// ["to", "sea"].flow().run_into(unix(&path, Text)).await?;
///
/// let mut received = String::new();
/// server.accept().await?.0.read_to_string(&mut received).await?;
/// assert_eq!(received, "to\nsea\n");
/// # Ok(()) }
/// ```
pub fn unix<F>(path: impl AsRef<Path>, encoding: F) -> Unix<F> {
    let socket = Socket {
        path: path.as_ref().to_owned(),
    };
    Unix {
        output: Output::new(Connection::new(socket), encoding),
    }
}

/// The sink of [`unix`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Unix<F> {
    output: Output<Connection<Socket>, F>,
}

impl<F> Unix<F> {
    /// Keeps the last `bytes` that were written and sends them again to every further connection, as
    /// [`Tcp::resend`](crate::Tcp::resend) does.
    pub fn resend(mut self, bytes: usize) -> Self {
        self.output.destination().resend(bytes);
        self
    }
}

impl<T, F> Sink<T> for Unix<F>
where
    T: Send,
    F: Encode<T> + Send + Sync,
{
    sink_is_output!(T);
}

struct Socket {
    path: PathBuf,
}

impl Open for Socket {
    type Writer = UnixStream;

    fn name(&self) -> String {
        format!("the socket {}", self.path.display())
    }

    async fn open(&mut self) -> io::Result<UnixStream> {
        UnixStream::connect(&self.path).await
    }

    fn is_gone(stream: &mut UnixStream) -> bool {
        has_ended(&*stream)
    }

    async fn ended(stream: &mut UnixStream) -> io::Result<()> {
        read_to_end(stream).await
    }
}
