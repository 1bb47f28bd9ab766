//! `udp`: a datagram for every item.

use std::{
    fmt::Display,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use thalweg_core::Sink;
use tokio::net::{UdpSocket, lookup_host};

use super::datagrams::{Datagrams, Mailbox};
use crate::{WriteError, encoding::Encode};

/// Sends every item by an encoding as a UDP datagram to `address`, a name or number with a port.
///
/// The network may lose datagrams, double them, and change their order; nobody is told. If a name has several addresses it
/// is the first.
///
/// # Backpressure
///
/// The system takes datagrams as fast as it can send them; the receiver holds back nobody. Holds one encoded datagram.
///
/// # Durability
///
/// None: what a write has taken is on its way, and nobody is told whether it comes.
///
/// # Errors
///
/// [`WriteError`] if the address cannot be found, if an item has no form in the encoding or is longer than a datagram can
/// be, which is 65,507 bytes, and if the other machine has told that nobody listens, which it does for an earlier datagram.
/// Items that were not sent are still in the batch.
///
/// # Cancel safety
///
/// What was not sent is still in the batch.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::{encoding::Raw, udp}};
/// use tokio::net::UdpSocket;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// ["to", "sea"].flow().run_into(udp(server.local_addr()?, Raw)).await?;
///
/// let mut received = [0; 16];
/// assert_eq!(server.recv(&mut received).await?, 2);
/// assert_eq!(server.recv(&mut received).await?, 3);
/// # Ok(()) }
/// ```
pub fn udp<F>(address: impl Display, encoding: F) -> Udp<F> {
    let host = Host {
        address: address.to_string(),
    };
    Udp {
        datagrams: Datagrams::new(host, encoding),
    }
}

/// The sink of [`udp`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Udp<F> {
    datagrams: Datagrams<Host, F>,
}

impl<T, F> Sink<T> for Udp<F>
where
    T: Send,
    F: Encode<T> + Send + Sync,
{
    type Error = WriteError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), WriteError> {
        self.datagrams.write(batch).await
    }
}

struct Host {
    address: String,
}

impl Mailbox for Host {
    type Socket = UdpSocket;

    fn name(&self) -> String {
        format!("the UDP address {}", self.address)
    }

    async fn open(&self) -> io::Result<UdpSocket> {
        let there = lookup_host(&self.address).await?.next();
        let there = there.ok_or(io::ErrorKind::NotFound)?;
        let any: SocketAddr = if there.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(there).await?;
        Ok(socket)
    }

    async fn send(socket: &UdpSocket, bytes: &[u8]) -> io::Result<usize> {
        socket.send(bytes).await
    }
}
