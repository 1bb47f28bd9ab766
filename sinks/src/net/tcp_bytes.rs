//! `tcp_bytes`: bytes, to a TCP server.

use std::fmt::Display;

use super::tcp::{Tcp, tcp};
use crate::encoding::Raw;

/// Connects to a TCP server at `address`, a name or number with a port, and sends it the bytes of every item.
///
/// Nothing is added between items. It is [`tcp`](crate::tcp) with [`Raw`], and has its options.
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
    tcp(address, Raw)
}

/// The sink of [`tcp_bytes`].
pub type TcpBytes = Tcp<Raw>;
