//! A connection to an HTTP server, one request at a time.

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
#[cfg(feature = "https")]
use thalweg_tls::TlsClient;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
};

/// Bytes of an answer that are read for its connection to be used again; a longer one costs a new connection.
const ANSWER: usize = 64 * 1024;

/// Why there was no answer.
pub(super) enum Failure {
    Connect(io::Error),
    Broken(hyper::Error),
}

/// A connection, kept for the next request if the server keeps it.
#[derive(Default)]
pub(super) struct Client {
    open: Option<Open>,
    #[cfg(feature = "https")]
    pub(super) tls: Option<TlsClient>,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    _driver: Driver,
}

/// The task that moves the bytes, which does not outlive the connection.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the server said: headers, and the first part of what follows.
pub(super) struct Answer {
    pub(super) head: Response<()>,
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Sends a request and reads the answer; a connection that the server has ended meanwhile is made anew.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let kept = self.open.take().filter(|open| !open.sender.is_closed());
        if let Some(open) = kept
            && let Ok(answer) = self.exchange(open, request.clone()).await
        {
            return Ok(answer);
        }
        let open = self.connect(request.uri()).await?;
        let answer = self.exchange(open, request).await;
        answer.map_err(Failure::Broken)
    }

    async fn exchange(
        &mut self,
        mut open: Open,
        mut request: Request<Full<Bytes>>,
    ) -> hyper::Result<Answer> {
        open.sender.ready().await?;
        // To a server, not to a proxy: its own part of the address only.
        let target = request.uri().path_and_query().cloned();
        *request.uri_mut() = target.map_or_else(Uri::default, Uri::from);
        let response = open.sender.send_request(request).await?;
        let (head, incoming) = response.into_parts();
        let (body, complete) = read(incoming).await?;
        if complete {
            self.open = Some(open);
        }
        Ok(Answer {
            head: Response::from_parts(head, ()),
            body,
        })
    }

    async fn connect(&self, url: &Uri) -> Result<Open, Failure> {
        let is_secure = url.scheme_str() == Some("https");
        let host = url.host().unwrap_or_default();
        // Addresses of IPv6 stand in brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        if is_secure && cfg!(not(feature = "https")) {
            let error = "https needs the feature `https`";
            let error = io::Error::new(io::ErrorKind::Unsupported, error);
            return Err(Failure::Connect(error));
        }
        let stream = TcpStream::connect((host, port))
            .await
            .map_err(Failure::Connect)?;
        // A request is one write already; waiting for more would only delay it.
        stream.set_nodelay(true).map_err(Failure::Connect)?;
        #[cfg(feature = "https")]
        if is_secure {
            let encrypted = self.encrypt(host, stream).await;
            return shake_hands(encrypted.map_err(Failure::Connect)?).await;
        }
        shake_hands(stream).await
    }

    #[cfg(feature = "https")]
    async fn encrypt(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<thalweg_tls::tokio_rustls::client::TlsStream<TcpStream>> {
        let tls = match &self.tls {
            Some(tls) => tls.clone(),
            None => TlsClient::new().map_err(io::Error::other)?,
        };
        tls.connect(host, stream).await
    }
}

/// Reads the first part of an answer, and tells whether that is all of it.
async fn read(mut incoming: Incoming) -> hyper::Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        if let Some(bytes) = frame?.data_ref() {
            if body.len() + bytes.len() > ANSWER {
                return Ok((body, false));
            }
            body.extend_from_slice(bytes);
        }
    }
    Ok((body, true))
}

async fn shake_hands<S>(stream: S) -> Result<Open, Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let shaken = handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(Failure::Broken)?;
    let driver = tokio::spawn(async move {
        // The request that it breaks is told.
        let _ = connection.await;
    });
    Ok(Open {
        sender,
        _driver: Driver(driver),
    })
}
