//! `tcp_connections`: the clients of a TCP listener.

use std::{
    io,
    net::SocketAddr,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
    time::Duration,
};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Decoder;

use super::{AcceptError, IdleTimeout, transport::keep_alive};
use crate::{
    ReadLines,
    framing::{FrameCause, Frames, frames},
    read_lines,
};

/// Emits a [`Connection`] for every client that connects to `listener`.
///
/// A connection that its client gave up before it was accepted is passed over. Never completes by itself; when it is asked
/// to stop it closes the listener and completes, while connections that were emitted go on.
///
/// # Backpressure
///
/// A client is accepted when the consumer wants one; others wait in the backlog of the system. Holds none.
///
/// # Cancel safety
///
/// Dropping the flow closes the listener; no connection is lost that was accepted.
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
                    let connection = Connection {
                        stream,
                        peer,
                        idle_timeout: None,
                    };
                    if emit(connection).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Err(cause) if is_of_the_client(&cause) => {}
                Err(cause) => {
                    let address = listener.local_addr().ok();
                    let address = address.map(|address| address.to_string());
                    self.listener = None;
                    return Poll::Ready(Err(AcceptError::new(address, cause)));
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
pub(crate) fn is_of_the_client(error: &io::Error) -> bool {
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
    idle_timeout: Option<Duration>,
}

impl Connection {
    /// Gives the address of the client.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Takes the client for gone when nothing comes for so long, while [`frames`](Self::frames) waits for it.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// Has the system probe a connection that was silent for so long, so that one to a host that is gone breaks.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot.
    pub fn keep_alive(&self, after: Duration) -> io::Result<()> {
        keep_alive(&self.stream, after)
    }

    /// Emits the lines that the client sends; see [`read_lines`]. Errors name the client's address.
    #[track_caller]
    pub fn lines(self) -> Flow<ReadLines<TcpStream>> {
        let name = self.name();
        read_lines(self.stream, name)
    }

    /// Emits what the client sends, cut as `framing` says; see [`frames`]. Errors name the client's address.
    #[track_caller]
    pub fn frames<D>(self, framing: D) -> Flow<Frames<IdleTimeout<TcpStream>, D>>
    where
        D: Decoder<Error: Into<FrameCause>>,
    {
        let name = self.name();
        frames(
            IdleTimeout::optional(self.stream, self.idle_timeout),
            name,
            framing,
        )
    }

    /// Gives the socket.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    fn name(&self) -> String {
        format!("the connection from {}", self.peer)
    }
}
