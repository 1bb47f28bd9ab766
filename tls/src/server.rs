//! The side that is connected to.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

use crate::{TlsError, pem::read_certificates, provider};

/// A server's certificate and key, and how it encrypts.
///
/// # Examples
///
/// ```no_run
/// use thalweg::{prelude::*, sources::{framing::{frames, lines}, tcp_connections, tls::TlsServer}};
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tls = TlsServer::from_pem("certificate.pem", "key.pem")?;
/// let listener = TcpListener::bind("127.0.0.1:9443").await?;
/// let handshakes = tcp_connections(listener).par_map_unordered(64, move |connection| {
///     let tls = tls.clone();
///     async move { tls.accept(connection.into_stream()).await }
/// });
/// let mut streams = handshakes.ok_items(|error| eprintln!("{error}"));
/// while let Some(stream) = streams.next().await? {
///     tokio::spawn(frames(stream, "a client", lines()).for_each(|line| println!("{line}")));
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TlsServer {
    acceptor: TlsAcceptor,
    handshake_timeout: Duration,
}

impl TlsServer {
    /// Reads the certificate, with those that it is signed by if there are, and its private key from PEM files.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if a file cannot be read, has nothing of the kind, or the two do not belong together.
    pub fn from_pem(
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, TlsError> {
        let certificates = read_certificates(certificates.as_ref())?;
        let key = key.as_ref();
        let key = PrivateKeyDer::from_pem_file(key).map_err(|cause| TlsError::pem(key, cause))?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)?;
        Ok(Self::from_config(config))
    }

    /// Takes a configuration of rustls, for all that this type does not offer: client certificates, for example.
    pub fn from_config(config: impl Into<Arc<ServerConfig>>) -> Self {
        Self {
            acceptor: TlsAcceptor::from(config.into()),
            handshake_timeout: Duration::from_secs(10),
        }
    }

    /// Gives a client so much time for its handshake, in place of 10 s.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.handshake_timeout = limit;
        self
    }

    /// Encrypts a connection that was accepted.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the connection is closed.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if the client speaks no TLS, does not trust the certificate, or takes too long.
    pub async fn accept<S>(&self, stream: S) -> Result<TlsStream<S>, TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match timeout(self.handshake_timeout, self.acceptor.accept(stream)).await {
            Ok(accepted) => accepted.map_err(TlsError::handshake),
            Err(_) => Err(TlsError::late(self.handshake_timeout)),
        }
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}
