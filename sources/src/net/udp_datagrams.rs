//! `udp_datagrams`: what comes to a UDP socket.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use bytes::Bytes;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::{Flow, IntoFlow};
use tokio::{io::ReadBuf, net::UdpSocket};

/// Bytes of the largest datagram that there is.
const LARGEST: usize = 65_535;

/// Emits the datagrams that come to `socket`, each with who sent it.
///
/// Never completes by itself; when it is asked to stop it completes, and closes the socket.
///
/// # Backpressure
///
/// A datagram is received when the consumer wants one; others wait in the buffer of the system, which drops what it has no
/// room for: UDP cannot hold back a sender. Holds none.
///
/// # Errors
///
/// [`DatagramError`] if the system cannot receive any more. That a datagram which was sent from the socket found nobody is
/// no error.
///
/// # Cancel safety
///
/// Dropping the flow closes the socket; what waits in the system is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::udp_datagrams};
/// use tokio::net::UdpSocket;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = UdpSocket::bind("127.0.0.1:0").await?;
/// let sensor = UdpSocket::bind("127.0.0.1:0").await?;
/// sensor.send_to(b"21.5", socket.local_addr()?).await?;
///
/// let mut datagrams = udp_datagrams(socket);
/// let datagram = datagrams.next().await?.expect("a socket does not complete");
/// assert_eq!((datagram.peer, &datagram.bytes[..]), (sensor.local_addr()?, &b"21.5"[..]));
/// # Ok(()) }
/// ```
#[track_caller]
pub fn udp_datagrams(socket: UdpSocket) -> Flow<UdpDatagrams> {
    UdpDatagrams::new(socket).flow()
}

/// The observable of [`udp_datagrams`].
#[must_use = "observables do nothing unless they are polled"]
pub struct UdpDatagrams {
    socket: Option<UdpSocket>,
    max_length: usize,
    /// Has one byte more than a datagram may have, so that one that is cut off is seen. Empty until it is needed.
    buffer: Vec<u8>,
    id: StageId,
}

/// What came in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it, or somebody in that name: UDP does not prove it.
    pub peer: SocketAddr,
    /// What was sent, up to the [limit](UdpDatagrams::max_length).
    pub bytes: Bytes,
    /// Tells whether there was more, which is lost.
    pub is_truncated: bool,
}

impl UdpDatagrams {
    /// Takes the socket; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(socket: UdpSocket) -> Self {
        Self {
            socket: Some(socket),
            max_length: LARGEST,
            buffer: Vec::new(),
            id: StageId::here("udp_datagrams"),
        }
    }

    /// Takes only so many bytes of a datagram, and marks a longer one as truncated; by default all, 64 KiB at most.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes.min(LARGEST);
        self
    }
}

impl Observable for UdpDatagrams {
    type Item = Datagram;
    type Error = DatagramError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, DatagramError>>
    where
        F: FnMut(Datagram) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.socket = None;
        }
        if this.buffer.is_empty() {
            this.buffer.resize(this.max_length + 1, 0);
        }
        while let Some(socket) = &this.socket {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let mut buffer = ReadBuf::new(&mut this.buffer);
            let received = ready!(socket.poll_recv_from(cx.task(), &mut buffer));
            cx.spend_many(1);
            match received {
                Ok(peer) => {
                    let bytes = buffer.filled();
                    let datagram = Datagram {
                        peer,
                        is_truncated: bytes.len() > this.max_length,
                        bytes: Bytes::copy_from_slice(&bytes[..bytes.len().min(this.max_length)]),
                    };
                    if emit(datagram).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Err(cause) if is_of_a_peer(&cause) => {}
                Err(cause) => {
                    let address = socket.local_addr().ok();
                    this.socket = None;
                    return Poll::Ready(Err(DatagramError { address, cause }));
                }
            }
        }
        this.buffer = Vec::new();
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

/// Tells whether this is about a datagram that was sent before, to a port where nobody is.
fn is_of_a_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionRefused | ConnectionReset | Interrupted
    )
}

impl fmt::Debug for UdpDatagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpDatagrams")
            .field("socket", &self.socket)
            .field("max_length", &self.max_length)
            .finish_non_exhaustive()
    }
}

/// A socket that cannot receive any more.
#[derive(Debug)]
pub struct DatagramError {
    address: Option<SocketAddr>,
    cause: io::Error,
}

impl fmt::Display for DatagramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot receive datagrams")?;
        if let Some(address) = self.address {
            write!(f, " on {address}")?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl Error for DatagramError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
