//! `tcp_lines`: a line for every item, to a TCP server.

use std::fmt::Display;

use super::tcp::{Tcp, tcp};
use crate::encoding::Text;

/// Connects to a TCP server at `address`, a name or number with a port, and sends it every item as a line.
///
/// It is [`tcp`](crate::tcp) with [`Text`], and has its options.
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
    tcp(address, Text)
}

/// The sink of [`tcp_lines`].
pub type TcpLines = Tcp<Text>;
