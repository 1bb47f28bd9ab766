//! `tcp`: to a TCP server, in any encoding.

use std::{fmt::Display, io};

use thalweg_core::Sink;
use tokio::net::TcpStream;

use crate::{
    connection::{Connection, Open, has_ended, read_to_end},
    encoding::Encode,
    output::{Output, sink_is_output},
};

/// Connects to a TCP server at `address`, a name or number with a port, and sends it every item by an encoding.
///
/// A batch is one write, and is sent at once. For a connection that is there already see [`write_lines`](crate::write_lines) and [`async_write`](crate::async_write).
///
/// # Backpressure
///
/// A server that reads slowly holds back the flow. Holds one encoded batch, and what [`Tcp::resend`] keeps.
///
/// # Durability
///
/// What a write has taken is in the hands of the system, which does not tell what the server has read. If the connection
/// breaks, the batch that is being written stays in the batch, and the next write connects anew; so
/// [`retrying`](crate::retrying) reconnects. What was written before and not read is lost, unless it is kept with
/// [`Tcp::resend`].
///
/// # Errors
///
/// [`WriteError`](crate::WriteError) if the connection cannot be made or breaks, or if an item has no form in the encoding. It names the
/// address.
///
/// # Cancel safety
///
/// A write that is cancelled breaks the connection, so that no half item is followed by another.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::{encoding::Json, tcp}};
/// use tokio::{io::AsyncReadExt, net::TcpListener};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0").await?;
/// [("EURUSD", 1.08)].flow().run_into(tcp(server.local_addr()?, Json)).await?;
///
/// let mut received = String::new();
/// server.accept().await?.0.read_to_string(&mut received).await?;
/// assert_eq!(received, "[\"EURUSD\",1.08]\n");
/// # Ok(()) }
/// ```
pub fn tcp<F>(address: impl Display, encoding: F) -> Tcp<F> {
    let server = Server {
        address: address.to_string(),
    };
    Tcp {
        output: Output::new(Connection::new(server), encoding),
    }
}

/// The sink of [`tcp`], [`tcp_lines`](crate::tcp_lines) and [`tcp_bytes`](crate::tcp_bytes).
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Tcp<F> {
    output: Output<Connection<Server>, F>,
}

impl<F> Tcp<F> {
    /// Keeps the last `bytes` that were written, in whole batches, and sends them again to every further connection.
    ///
    /// With [`retrying`](crate::retrying) around it every item is then read by a server at least once, if `bytes` is no
    /// less than what the buffers of both ends of the connection hold; items can come twice. The close waits until the
    /// server has read all and ends its side as well, for 30 seconds at most. A server that ends its side before is taken
    /// to be gone: the next write connects anew.
    pub fn resend(mut self, bytes: usize) -> Self {
        self.output.destination().resend(bytes);
        self
    }
}

impl<T, F> Sink<T> for Tcp<F>
where
    T: Send,
    F: Encode<T> + Send + Sync,
{
    sink_is_output!(T);
}

struct Server {
    address: String,
}

impl Open for Server {
    type Writer = TcpStream;

    fn name(&self) -> String {
        format!("the connection to {}", self.address)
    }

    async fn open(&mut self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.address).await?;
        // A batch is one write already; waiting for more would only delay it.
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn is_gone(stream: &mut TcpStream) -> bool {
        has_ended(&*stream)
    }

    async fn ended(stream: &mut TcpStream) -> io::Result<()> {
        read_to_end(stream).await
    }
}
