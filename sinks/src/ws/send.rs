//! `send`: messages to a WebSocket server.

#[cfg(feature = "wss")]
use std::io;
use std::{fmt, time::Duration};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use thalweg_core::Sink;
#[cfg(feature = "wss")]
use thalweg_tls::TlsClient;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message, Utf8Bytes,
        client::IntoClientRequest,
        error::{ProtocolError, UrlError},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::error::SendError;

type Socket = WebSocketStream<Box<dyn Transport>>;

/// A connection, encrypted or not.
trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Transport for S {}

/// A server has so long to answer a close frame.
const FAREWELL: Duration = Duration::from_secs(5);

/// Connects to the WebSocket server at `url`, `ws://` or `wss://` (feature `wss`), and sends it every item.
///
/// Items are anything that is a [`Message`], and can be copied, which is cheap: the bytes of a message are shared. A batch is
/// sent and flushed as one; what the server sends is read and ignored, except that pings are answered. For both
/// directions see `sources::ws::connect`.
///
/// # Backpressure
///
/// A server that reads slowly holds back the flow. Holds a copy of the batch, which shares its bytes.
///
/// # Durability
///
/// What a write has taken is in the hands of the system; what a connection that breaks had not delivered is lost. The close
/// waits for the server's answer, which comes after it has read all, for 5 seconds at most.
///
/// # Errors
///
/// [`SendError`] if the connection cannot be made, breaks, or is closed by the server. The items are still in the batch,
/// and the next write connects anew: with [`retrying`](crate::retrying) it reconnects, and items can come twice.
///
/// # Cancel safety
///
/// A write that is cancelled drops the connection; its items are still in the batch.
///
/// # Examples
///
/// ```
/// use futures_util::StreamExt;
/// use thalweg::{prelude::*, sinks::ws};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let url = format!("ws://{}", server.local_addr()?);
/// let run = tokio::spawn(["high tide", "low tide"].flow().run_into(ws::send(url)));
///
/// let socket = tokio_tungstenite::accept_async(server.accept().await?.0).await?;
/// let received: Vec<_> = socket.filter_map(async |message| message.ok()?.into_text().ok()).collect().await;
/// assert_eq!(received[..2], ["high tide", "low tide"]);
/// run.await??;
/// # Ok(()) }
/// ```
#[doc(alias = "websocket")]
pub fn send(url: impl Into<String>) -> Client {
    Client {
        url: url.into(),
        #[cfg(feature = "wss")]
        tls: None,
        link: None,
    }
}

/// The sink of [`send`].
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Client {
    url: String,
    #[cfg(feature = "wss")]
    tls: Option<TlsClient>,
    link: Option<Link>,
}

struct Link {
    outgoing: SplitSink<Socket, Message>,
    reader: Reader,
}

/// The task that reads, for which the server's pings are answered; gives the server's words at its end.
struct Reader(JoinHandle<String>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    /// Encrypts a connection to `wss://` so, in place of trusting the servers that the web trusts.
    #[cfg(feature = "wss")]
    pub fn tls(mut self, tls: TlsClient) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Takes the connection out of its place; it is put back after a success.
    async fn link(&mut self) -> Result<Link, SendError> {
        if let Some(mut link) = self.link.take() {
            if !link.reader.0.is_finished() {
                return Ok(link);
            }
            return Err(SendError::Closed {
                url: self.url.clone(),
                reason: (&mut link.reader.0).await.unwrap_or_default(),
            });
        }
        let connected = self.connect().await;
        let socket = connected.map_err(|cause| SendError::Connect {
            url: self.url.clone(),
            cause,
        })?;
        let (outgoing, incoming) = socket.split();
        Ok(Link {
            outgoing,
            reader: Reader(tokio::spawn(read(incoming))),
        })
    }

    /// Connects without Nagle's delay: an event is sent when it happens.
    async fn connect(&self) -> Result<Socket, Error> {
        let request = self.url.as_str().into_client_request()?;
        let uri = request.uri();
        let host = uri.host().ok_or(Error::Url(UrlError::NoHostName))?;
        // Addresses of IPv6 stand in brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(Error::Url(UrlError::UnsupportedUrlScheme)),
        };
        if is_secure && cfg!(not(feature = "wss")) {
            return Err(Error::Url(UrlError::TlsFeatureNotEnabled));
        }
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        #[cfg(feature = "wss")]
        if is_secure {
            let stream = self.encrypt(host, stream).await?;
            return Ok(client_async(request, stream).await?.0);
        }
        let stream: Box<dyn Transport> = Box::new(stream);
        Ok(client_async(request, stream).await?.0)
    }

    #[cfg(feature = "wss")]
    async fn encrypt(&self, host: &str, stream: TcpStream) -> io::Result<Box<dyn Transport>> {
        let tls = match &self.tls {
            Some(tls) => tls.clone(),
            None => TlsClient::new().map_err(io::Error::other)?,
        };
        Ok(Box::new(tls.connect(host, stream).await?))
    }

    fn failed(&self, cause: Error) -> SendError {
        SendError::Send {
            url: self.url.clone(),
            cause,
        }
    }
}

impl<T: Clone + Into<Message> + Send> Sink<T> for Client {
    type Error = SendError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), SendError> {
        let mut link = self.link().await?;
        let messages: Vec<Message> = batch.iter().cloned().map(Into::into).collect();
        for message in messages {
            let fed = link.outgoing.feed(message).await;
            fed.map_err(|cause| self.failed(cause))?;
        }
        let flushed = link.outgoing.flush().await;
        flushed.map_err(|cause| self.failed(cause))?;
        self.link = Some(link);
        batch.clear();
        Ok(())
    }

    async fn close(&mut self) -> Result<(), SendError> {
        let Some(mut link) = self.link.take() else {
            return Ok(());
        };
        // Without a word the server would be told 1005, that there was none.
        let farewell = CloseFrame {
            code: CloseCode::Normal,
            reason: Utf8Bytes::default(),
        };
        let told = link.outgoing.send(Message::Close(Some(farewell))).await;
        let closed = match told {
            // The other side was first, and its answer is to go out.
            Ok(()) | Err(Error::Protocol(ProtocolError::SendAfterClosing)) => {
                link.outgoing.close().await
            }
            failed => failed,
        };
        match closed {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {}
            Err(cause) => return Err(self.failed(cause)),
        }
        let answered = timeout(FAREWELL, &mut link.reader.0).await;
        answered.map(drop).map_err(|_| SendError::NotAnswered {
            url: self.url.clone(),
        })
    }
}

/// Reads until the end; gives the reason that the server told.
async fn read(mut incoming: SplitStream<Socket>) -> String {
    let mut reason = String::new();
    while let Some(message) = incoming.next().await {
        match message {
            Ok(Message::Close(Some(frame))) => reason = frame.reason.to_string(),
            Ok(_) => {}
            Err(error) => return error.to_string(),
        }
    }
    reason
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.url)
            .field("open", &self.link.is_some())
            .finish_non_exhaustive()
    }
}
