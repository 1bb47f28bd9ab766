//! Opens a WebSocket, over TLS if it is asked for.

use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Error, handshake::client::Response},
};

use super::WsError;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects without Nagle's delay: an event is sent when it happens.
pub(super) async fn open(url: String) -> Result<Socket, WsError> {
    match connect(&url).await {
        Ok((socket, _)) => Ok(socket),
        Err(cause) => Err(WsError::Connect { url, cause }),
    }
}

#[cfg(not(feature = "wss"))]
async fn connect(url: &str) -> Result<(Socket, Response), Error> {
    tokio_tungstenite::connect_async_with_config(url, None, true).await
}

#[cfg(feature = "wss")]
async fn connect(url: &str) -> Result<(Socket, Response), Error> {
    let tls = tls_config().map_err(|error| Error::Tls(error.into()))?;
    let connector = tokio_tungstenite::Connector::Rustls(tls);
    tokio_tungstenite::connect_async_tls_with_config(url, None, true, Some(connector)).await
}

/// Names the crypto provider: the default of rustls panics in a program that has two.
#[cfg(feature = "wss")]
fn tls_config()
-> Result<std::sync::Arc<tokio_rustls::rustls::ClientConfig>, tokio_rustls::rustls::Error> {
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring::default_provider};

    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config.into())
}
