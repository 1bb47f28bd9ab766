//! `unix_frames`: what the server of a Unix socket sends, cut into items.

use std::{
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{
    Flow, IntoFlow,
    error::{Backoff, Exponential},
};
use tokio::net::UnixStream;
use tokio_util::codec::Decoder;

use super::{
    client::Client,
    transport::{BoxTransport, Dial},
};
use crate::{
    framing::{FrameCause, FrameError},
    line_source::Opening,
};

/// Connects to the Unix socket at `path`, and cuts what its server sends as `framing` says.
///
/// Completes when the server closes the connection, unless it is to [reconnect](UnixFrames::reconnect), or when it is asked
/// to stop; it closes the connection at its end.
///
/// # Backpressure
///
/// A consumer that is slow fills the buffers of the connection, and so holds back the server. Holds no item, and at most
/// one frame or 8 KiB of bytes.
///
/// # Errors
///
/// [`FrameError`] if the connection cannot be made or breaks, or if a frame is too long or none. It names the path.
///
/// # Cancel safety
///
/// Dropping the flow closes the connection; bytes beyond the last item are lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::{framing::lines, unix_frames}};
/// use tokio::{io::AsyncWriteExt, net::UnixListener};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("socket");
/// let server = UnixListener::bind(&path)?;
/// let mut events = unix_frames(&path, lines());
/// tokio::spawn(async move {
///     let (mut client, _) = server.accept().await?;
///     client.write_all(b"started\n").await
/// });
/// assert_eq!(events.next().await?.as_deref(), Some("started"));
/// # Ok(()) }
/// ```
#[doc(alias = "unix_client")]
#[track_caller]
pub fn unix_frames<F>(path: impl AsRef<Path>, framing: F) -> Flow<UnixFrames<F>>
where
    F: Decoder<Error: Into<FrameCause>> + Clone,
{
    UnixFrames::new(path, framing).flow()
}

/// The observable of [`unix_frames`]. A clone makes a connection of its own.
#[must_use = "observables do nothing unless they are polled"]
pub struct UnixFrames<F> {
    client: Client<Unix, F>,
}

impl<F: Decoder<Error: Into<FrameCause>> + Clone> UnixFrames<F> {
    /// Names the socket; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(path: impl AsRef<Path>, framing: F) -> Self {
        let unix = Unix(path.as_ref().to_owned());
        Self {
            client: Client::new("unix_frames", unix, framing),
        }
    }

    /// Takes the connection for lost when nothing comes for so long, while the consumer waits for it.
    pub fn idle_timeout(self, limit: Duration) -> Self {
        let client = self.client.idle_timeout(limit);
        Self { client }
    }

    /// Connects again when the connection is closed, is lost or cannot be made; see [`reconnecting`](crate::reconnecting).
    ///
    /// It fails with what came last once `backoff` gives up, or completes if that was a close; at once where a frame is too
    /// long or none. What the server sent in between is lost, and what came of a frame before is dropped.
    pub fn reconnect(self, backoff: Backoff<Exponential>) -> Self {
        let client = self.client.reconnect(backoff);
        Self { client }
    }
}

impl<F: Decoder<Error: Into<FrameCause>> + Clone> Observable for UnixFrames<F> {
    type Item = F::Item;
    type Error = FrameError;

    fn poll_drain<E>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, FrameError>>
    where
        E: FnMut(F::Item) -> ControlFlow<()>,
    {
        self.client.poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.client.describe(plan);
    }
}

impl<F: Clone> Clone for UnixFrames<F> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
        }
    }
}

impl<F> fmt::Debug for UnixFrames<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

#[derive(Clone)]
struct Unix(PathBuf);

impl Dial for Unix {
    fn name(&self) -> String {
        format!("the socket {}", self.0.display())
    }

    fn dial(&self) -> Opening<BoxTransport> {
        let path = self.0.clone();
        Box::pin(async move { Ok(Box::new(UnixStream::connect(path).await?) as BoxTransport) })
    }
}
