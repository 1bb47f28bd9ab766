//! `tcp_bytes`: bytes, to a TCP server.

use std::{convert::Infallible, fmt::Display};

use thalweg_core::Sink;

use super::server::Server;
use crate::{WriteError, output::Output};

/// Connects to a TCP server at `address`, a name or number with a port, and sends it the bytes of every item.
///
/// Nothing is added between items. A batch is one write, and is sent at once. A server that reads slowly holds back the
/// flow.
///
/// # Errors
///
/// [`WriteError`] if the connection cannot be made or breaks. It names the address.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::tcp_bytes};
/// use tokio::{io::AsyncReadExt, net::TcpListener};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0").await?;
/// [b"ab", b"cd"].flow().run_into(tcp_bytes(server.local_addr()?)).await?;
///
/// let mut received = Vec::new();
/// server.accept().await?.0.read_to_end(&mut received).await?;
/// assert_eq!(received, b"abcd");
/// # Ok(()) }
/// ```
pub fn tcp_bytes(address: impl Display) -> TcpBytes {
    TcpBytes {
        output: Output::new(Server {
            address: address.to_string(),
        }),
    }
}

/// The sink of [`tcp_bytes`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct TcpBytes {
    output: Output<Server>,
}

impl<T: AsRef<[u8]> + Send> Sink<T> for TcpBytes {
    type Error = WriteError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError> {
        self.output.write(batch, encode).await
    }

    async fn flush(&mut self) -> Result<(), WriteError> {
        self.output.flush().await
    }

    async fn close(&mut self) -> Result<(), WriteError> {
        self.output.close().await
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the other encodings can fail")]
fn encode<T: AsRef<[u8]>>(buffer: &mut Vec<u8>, item: &T) -> Result<(), Infallible> {
    buffer.extend_from_slice(item.as_ref());
    Ok(())
}
