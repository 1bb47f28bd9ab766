//! `tcp_frames`: what a TCP server sends, cut into items.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{
    Flow, IntoFlow,
    error::{Backoff, Exponential},
};
use tokio::net::TcpStream;
use tokio_util::codec::Decoder;

use super::{
    client::Client,
    transport::{BoxTransport, Dial, keep_alive},
};
#[cfg(feature = "tls")]
use crate::tls::TlsClient;
use crate::{
    framing::{FrameCause, FrameError},
    line_source::Opening,
};

/// Connects to a TCP server at `address`, a name or number with a port, and cuts what it sends as `framing` says.
///
/// Completes when the server closes the connection, unless it is to [reconnect](TcpFrames::reconnect), or when it is asked
/// to stop; it closes the connection at its end.
///
/// # Backpressure
///
/// A consumer that is slow fills the buffers of the connection, and so holds back the server. Holds no item, and at most
/// one frame or 8 KiB of bytes.
///
/// # Errors
///
/// [`FrameError`] if the connection cannot be made within 30 s or breaks, or if a frame is too long or none. It names the
/// address.
///
/// # Cancel safety
///
/// Dropping the flow closes the connection; bytes beyond the last item are lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::{framing::json_lines, tcp_frames}};
/// use tokio::{io::AsyncWriteExt, net::TcpListener};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0").await?;
/// let mut prices = tcp_frames(server.local_addr()?, json_lines::<f64>());
/// tokio::spawn(async move {
///     let (mut client, _) = server.accept().await?;
///     client.write_all(b"1.08\n").await
/// });
/// assert_eq!(prices.next().await?, Some(1.08));
/// # Ok(()) }
/// ```
#[doc(alias = "tcp_client")]
#[track_caller]
pub fn tcp_frames<F>(address: impl fmt::Display, framing: F) -> Flow<TcpFrames<F>>
where
    F: Decoder<Error: Into<FrameCause>> + Clone,
{
    TcpFrames::new(address, framing).flow()
}

/// The observable of [`tcp_frames`]. A clone makes a connection of its own.
#[must_use = "observables do nothing unless they are polled"]
pub struct TcpFrames<F> {
    client: Client<Tcp, F>,
}

impl<F: Decoder<Error: Into<FrameCause>> + Clone> TcpFrames<F> {
    /// Names the server; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(address: impl fmt::Display, framing: F) -> Self {
        let tcp = Tcp {
            address: address.to_string(),
            keep_alive: None,
            #[cfg(feature = "tls")]
            tls: None,
        };
        Self {
            client: Client::new("tcp_frames", tcp, framing),
        }
    }

    /// Gives the server so much time to take the connection, TLS included, in place of 30 s.
    pub fn connect_timeout(self, limit: Duration) -> Self {
        let client = self.client.connect_timeout(limit);
        Self { client }
    }

    /// Takes the connection for lost when nothing comes for so long, while the consumer waits for it.
    pub fn idle_timeout(self, limit: Duration) -> Self {
        let client = self.client.idle_timeout(limit);
        Self { client }
    }

    /// Has the system probe a connection that was silent for so long, so that one to a host that is gone breaks.
    pub fn keep_alive(mut self, after: Duration) -> Self {
        self.client.dial.keep_alive = Some(after);
        self
    }

    /// Connects again when the connection is closed, is lost or cannot be made; see [`reconnecting`](crate::reconnecting).
    ///
    /// It fails with what came last once `backoff` gives up, or completes if that was a close; at once where a frame is too
    /// long or none. What the server sent in between is lost, and what came of a frame before is dropped.
    pub fn reconnect(self, backoff: Backoff<Exponential>) -> Self {
        let client = self.client.reconnect(backoff);
        Self { client }
    }

    /// Encrypts the connection.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsClient) -> Self {
        self.client.dial.tls = Some(tls);
        self
    }
}

impl<F: Decoder<Error: Into<FrameCause>> + Clone> Observable for TcpFrames<F> {
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

impl<F: Clone> Clone for TcpFrames<F> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
        }
    }
}

impl<F> fmt::Debug for TcpFrames<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

#[derive(Clone)]
struct Tcp {
    address: String,
    keep_alive: Option<Duration>,
    #[cfg(feature = "tls")]
    tls: Option<TlsClient>,
}

impl Dial for Tcp {
    fn name(&self) -> String {
        format!("the connection to {}", self.address)
    }

    fn dial(&self) -> Opening<BoxTransport> {
        let tcp = self.clone();
        Box::pin(async move {
            let stream = TcpStream::connect(&tcp.address).await?;
            if let Some(after) = tcp.keep_alive {
                keep_alive(&stream, after)?;
            }
            #[cfg(feature = "tls")]
            if let Some(tls) = tcp.tls {
                return Ok(Box::new(tls.connect(host(&tcp.address), stream).await?) as BoxTransport);
            }
            Ok(Box::new(stream) as BoxTransport)
        })
    }
}

/// Gives an address without its port.
#[cfg(feature = "tls")]
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}
