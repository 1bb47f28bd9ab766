//! `tcp_connections`: the clients of a TCP listener.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::net::{TcpListener, TcpStream};

use crate::{ReadLines, read_lines};

/// Emits a [`Connection`] for every client that connects to `listener`.
///
/// A connection that its client gave up before it was accepted is passed over. Never completes by itself; when it is asked
/// to stop it closes the listener and completes, while connections that were emitted go on.
///
/// # Backpressure
///
/// A client is accepted when the consumer wants one; others wait in the backlog of the system. Holds none.
///
/// # Errors
///
/// [`AcceptError`] if the system cannot accept any more, for want of file descriptors for example.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::tcp_connections};
/// use tokio::{io::AsyncWriteExt, net::{TcpListener, TcpStream}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// client.write_all(b"hello\nworld\n").await?;
///
/// let mut connections = tcp_connections(listener);
/// let connection = connections.next().await?.expect("a listener does not complete");
/// let words = connection.lines().take(2).collect::<Vec<_>>().await?;
/// assert_eq!(words, ["hello", "world"]);
/// # Ok(()) }
/// ```
#[doc(alias = "tcp_server")]
#[doc(alias = "accept")]
#[track_caller]
pub fn tcp_connections(listener: TcpListener) -> Flow<TcpConnections> {
    Flow::new(TcpConnections {
        listener: Some(listener),
        id: StageId::here("tcp_connections"),
    })
}

/// The observable of [`tcp_connections`].
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct TcpConnections {
    listener: Option<TcpListener>,
    id: StageId,
}

impl Observable for TcpConnections {
    type Item = Connection;
    type Error = AcceptError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, AcceptError>>
    where
        F: FnMut(Connection) -> ControlFlow<()>,
    {
        if cx.stopping() {
            self.listener = None;
        }
        while let Some(listener) = &self.listener {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let accepted = ready!(listener.poll_accept(cx.task()));
            // Also a client that gave up costs a turn, so that a flood of them does not hold the thread.
            cx.spend_many(1);
            match accepted {
                Ok((stream, peer)) => {
                    if emit(Connection { stream, peer }).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Err(cause) if is_of_the_client(&cause) => {}
                Err(cause) => {
                    let address = listener.local_addr().ok();
                    self.listener = None;
                    return Poll::Ready(Err(AcceptError { address, cause }));
                }
            }
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

/// Tells whether the client is to blame, so that the next one may fare better.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// A client of [`tcp_connections`]. Dropping it closes the connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
}

impl Connection {
    /// Gives the address of the client.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Emits the lines that the client sends; see [`read_lines`]. Errors name the client's address.
    #[track_caller]
    pub fn lines(self) -> Flow<ReadLines<TcpStream>> {
        read_lines(
            self.stream,
            format_args!("the connection from {}", self.peer),
        )
    }

    /// Gives the socket.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }
}

/// A listener that cannot accept any more.
#[derive(Debug)]
pub struct AcceptError {
    address: Option<SocketAddr>,
    cause: io::Error,
}

impl AcceptError {
    /// Gives the address that was listened on, if the system still knew it.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot accept connections")?;
        if let Some(address) = self.address {
            write!(f, " on {address}")?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl Error for AcceptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
