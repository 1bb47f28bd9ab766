//! `tcp_lines`: a line for every item, to a TCP server.

use std::fmt::Display;

use thalweg_core::Sink;

use super::server::Server;
use crate::{
    WriteError,
    output::{Output, encode_line},
};

/// Connects to a TCP server at `address`, a name or number with a port, and sends it every item as a line.
///
/// A batch is one write, and is sent at once. A server that reads slowly holds back the flow. For a connection that is there
/// already see [`write_lines`](crate::write_lines).
///
/// # Errors
///
/// [`WriteError`] if the connection cannot be made or breaks. It names the address.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::tcp_lines};
/// use tokio::{io::AsyncReadExt, net::TcpListener};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0").await?;
/// ["to", "sea"].flow().run_into(tcp_lines(server.local_addr()?)).await?;
///
/// let mut received = String::new();
/// server.accept().await?.0.read_to_string(&mut received).await?;
/// assert_eq!(received, "to\nsea\n");
/// # Ok(()) }
/// ```
pub fn tcp_lines(address: impl Display) -> TcpLines {
    TcpLines {
        output: Output::new(Server {
            address: address.to_string(),
        }),
    }
}

/// The sink of [`tcp_lines`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct TcpLines {
    output: Output<Server>,
}

impl<T: Display + Send> Sink<T> for TcpLines {
    type Error = WriteError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError> {
        self.output.write(batch, encode_line).await
    }

    async fn flush(&mut self) -> Result<(), WriteError> {
        self.output.flush().await
    }

    async fn close(&mut self) -> Result<(), WriteError> {
        self.output.close().await
    }
}
