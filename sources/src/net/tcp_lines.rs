//! `tcp_lines`: the lines that a TCP server sends.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{Flow, IntoFlow};
use tokio::{io::BufReader, net::TcpStream};

use crate::{
    ReadError,
    line_source::{LineSource, Opening, Origin, SOCKET_READ},
};

/// Connects to a TCP server at `address`, a name or number with a port, and emits the lines that it sends.
///
/// Both `\n` and `\r\n` end a line. A line may have 1 MiB; for another limit see [`TcpLines::max_length`]. Completes when
/// the server closes the connection, or when it is asked to stop, and closes the connection at its end.
///
/// # Backpressure
///
/// A consumer that is slow fills the buffers of the connection, and so holds back the server. Holds no line, and at most
/// one line or 8 KiB of bytes.
///
/// # Cancel safety
///
/// Dropping the flow closes the connection; bytes beyond the last line are lost.
///
/// # Errors
///
/// [`ReadError`] if the connection cannot be made or breaks, or if a line is too long or no UTF-8. It names the address.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::tcp_lines};
/// use tokio::{io::AsyncWriteExt, net::TcpListener};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0").await?;
/// let mut quotes = tcp_lines(server.local_addr()?);
/// tokio::spawn(async move {
///     let (mut client, _) = server.accept().await?;
///     client.write_all(b"EURUSD 1.08\n").await
/// });
/// assert_eq!(quotes.next().await?.as_deref(), Some("EURUSD 1.08"));
/// # Ok(()) }
/// ```
#[track_caller]
pub fn tcp_lines(address: impl fmt::Display) -> Flow<TcpLines> {
    TcpLines::new(address).flow()
}

/// The observable of [`tcp_lines`]. A clone makes a connection of its own.
#[derive(Clone, Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct TcpLines {
    source: LineSource<Server>,
}

impl TcpLines {
    /// Names the server; [`flow`](IntoFlow::flow) puts the operators on it.
    #[track_caller]
    pub fn new(address: impl fmt::Display) -> Self {
        let server = Server {
            address: address.to_string(),
        };
        Self {
            source: LineSource::new("tcp_lines", server),
        }
    }

    /// Lets a line have at most so many bytes, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.source.max_length = bytes;
        self
    }
}

impl Observable for TcpLines {
    type Item = String;
    type Error = ReadError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, ReadError>>
    where
        F: FnMut(String) -> ControlFlow<()>,
    {
        self.source.poll_drain(cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.source.describe(plan);
    }
}

#[derive(Clone)]
struct Server {
    address: String,
}

impl Origin for Server {
    type Reader = BufReader<TcpStream>;

    fn name(&self) -> String {
        format!("the connection to {}", self.address)
    }

    fn open(&self) -> Opening<Self::Reader> {
        let address = self.address.clone();
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            Ok(BufReader::with_capacity(SOCKET_READ, stream))
        })
    }
}
