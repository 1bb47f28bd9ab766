//! Opens a WebSocket, over TLS if it is asked for.

#[cfg(feature = "tls")]
use std::io;

use futures_util::SinkExt;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error,
        client::IntoClientRequest,
        error::UrlError,
        handshake::client::Request,
        http::{HeaderName, HeaderValue, Uri, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use super::{Client, WsError};
use crate::net::{
    IdleTimeout,
    transport::{BoxTransport, within},
};

/// A WebSocket over any connection, of either side.
pub(super) type Socket = WebSocketStream<IdleTimeout<BoxTransport>>;

/// Bounds messages and their parts alike, so that neither fills the memory.
pub(super) fn limits(max_message_size: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(max_message_size))
        .max_frame_size(Some(max_message_size))
}

/// Connects and subscribes; gives the subprotocol that the server chose as well.
pub(super) async fn open(client: Client) -> Result<(Socket, Option<String>), WsError> {
    let opening = async { Ok(connect(&client).await) };
    let connected = match within(client.connect_timeout, opening).await {
        Ok(connected) => connected,
        Err(late) => Err(Error::Io(late)),
    };
    connected.map_err(|cause| WsError::Connect {
        url: client.url.clone(),
        cause,
    })
}

async fn connect(client: &Client) -> Result<(Socket, Option<String>), Error> {
    let request = request(client)?;
    let stream = dial(client, request.uri()).await?;
    let stream = IdleTimeout::optional(stream, client.idle_timeout);
    let limits = Some(limits(client.max_message_size));
    let (mut socket, response) = client_async_with_config(request, stream, limits).await?;
    for message in &client.subscriptions {
        socket.feed(message.clone()).await?;
    }
    socket.flush().await?;
    let chosen = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
    let chosen = chosen
        .and_then(|name| name.to_str().ok())
        .map(str::to_owned);
    Ok((socket, chosen))
}

fn request(client: &Client) -> Result<Request, Error> {
    let mut request = client.url.as_str().into_client_request()?;
    let headers = request.headers_mut();
    for (name, value) in &client.headers {
        let name = HeaderName::try_from(name).map_err(|error| Error::HttpFormat(error.into()))?;
        let value =
            HeaderValue::try_from(value).map_err(|error| Error::HttpFormat(error.into()))?;
        headers.append(name, value);
    }
    if !client.subprotocols.is_empty() {
        let names = HeaderValue::try_from(client.subprotocols.join(", "))
            .map_err(|error| Error::HttpFormat(error.into()))?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, names);
    }
    Ok(request)
}

/// Connects without Nagle's delay: an event is sent when it happens.
#[cfg_attr(
    not(feature = "tls"),
    expect(unused_variables, reason = "the client tells of TLS only")
)]
async fn dial(client: &Client, uri: &Uri) -> Result<BoxTransport, Error> {
    let host = uri.host().ok_or(Error::Url(UrlError::NoHostName))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_secure = match uri.scheme_str() {
        Some("ws") => false,
        Some("wss") => true,
        _ => return Err(Error::Url(UrlError::UnsupportedUrlScheme)),
    };
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    if is_secure && cfg!(not(feature = "tls")) {
        return Err(Error::Url(UrlError::TlsFeatureNotEnabled));
    }
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    #[cfg(feature = "tls")]
    if is_secure {
        return Ok(encrypt(client, host, stream).await?);
    }
    Ok(Box::new(stream))
}

#[cfg(feature = "tls")]
async fn encrypt(client: &Client, host: &str, stream: TcpStream) -> io::Result<BoxTransport> {
    let tls = match &client.tls {
        Some(tls) => tls.clone(),
        None => crate::tls::TlsClient::new().map_err(io::Error::other)?,
    };
    Ok(Box::new(tls.connect(host, stream).await?))
}
