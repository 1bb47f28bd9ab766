//! `unix_connections`: the clients of a Unix listener.

use std::{
    fmt,
    ops::ControlFlow,
    path::PathBuf,
    pin::Pin,
    task::{Poll, ready},
};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::net::{UnixListener, UnixStream, unix::UCred};
use tokio_util::codec::Decoder;

use super::{AcceptError, tcp_connections::is_of_the_client};
use crate::{
    ReadLines,
    framing::{FrameCause, Frames, frames},
    read_lines,
};

/// Emits a [`UnixConnection`] for every client that connects to `listener`.
///
/// Never completes by itself; when it is asked to stop it closes the listener and completes, while connections that were
/// emitted go on. The file of the socket stays, as the system leaves it.
///
/// # Backpressure
///
/// A client is accepted when the consumer wants one; others wait in the backlog of the system. Holds none.
///
/// # Errors
///
/// [`AcceptError`] if the system cannot accept any more, for want of file descriptors for example.
///
/// # Cancel safety
///
/// Dropping the flow closes the listener; no connection is lost that was accepted.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::unix_connections};
/// use tokio::{io::AsyncWriteExt, net::{UnixListener, UnixStream}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("socket");
/// let listener = UnixListener::bind(&path)?;
/// let mut client = UnixStream::connect(&path).await?;
/// client.write_all(b"hello\n").await?;
///
/// let mut connections = unix_connections(listener);
/// let connection = connections.next().await?.expect("a listener does not complete");
/// assert_eq!(connection.lines().next().await?.as_deref(), Some("hello"));
/// # Ok(()) }
/// ```
#[doc(alias = "unix_server")]
#[track_caller]
pub fn unix_connections(listener: UnixListener) -> Flow<UnixConnections> {
    Flow::new(UnixConnections {
        listener: Some(listener),
        id: StageId::here("unix_connections"),
    })
}

/// The observable of [`unix_connections`].
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct UnixConnections {
    listener: Option<UnixListener>,
    id: StageId,
}

impl Observable for UnixConnections {
    type Item = UnixConnection;
    type Error = AcceptError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, AcceptError>>
    where
        F: FnMut(UnixConnection) -> ControlFlow<()>,
    {
        if cx.stopping() {
            self.listener = None;
        }
        while let Some(listener) = &self.listener {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let accepted = ready!(listener.poll_accept(cx.task()));
            cx.spend_many(1);
            let path = || {
                let address = listener.local_addr().ok()?;
                address.as_pathname().map(PathBuf::from)
            };
            match accepted {
                Ok((stream, _)) => {
                    let path = path();
                    if emit(UnixConnection { stream, path }).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Err(cause) if is_of_the_client(&cause) => {}
                Err(cause) => {
                    let address = path().map(|path| path.display().to_string());
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

/// A client of [`unix_connections`]. Dropping it closes the connection.
#[derive(Debug)]
pub struct UnixConnection {
    stream: UnixStream,
    path: Option<PathBuf>,
}

impl UnixConnection {
    /// Tells which user's and group's process the client is.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot tell.
    pub fn credentials(&self) -> std::io::Result<UCred> {
        self.stream.peer_cred()
    }

    /// Emits the lines that the client sends; see [`read_lines`]. Errors name the socket.
    #[track_caller]
    pub fn lines(self) -> Flow<ReadLines<UnixStream>> {
        let name = self.name();
        read_lines(self.stream, name)
    }

    /// Emits what the client sends, cut as `framing` says; see [`frames`]. Errors name the socket.
    #[track_caller]
    pub fn frames<D>(self, framing: D) -> Flow<Frames<UnixStream, D>>
    where
        D: Decoder<Error: Into<FrameCause>>,
    {
        let name = self.name();
        frames(self.stream, name, framing)
    }

    /// Gives the socket.
    pub fn into_stream(self) -> UnixStream {
        self.stream
    }

    fn name(&self) -> impl fmt::Display + use<> {
        match &self.path {
            Some(path) => format!("a connection to the socket {}", path.display()),
            None => "a connection to a socket".to_owned(),
        }
    }
}
