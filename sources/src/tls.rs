//! Connections over TLS: clients, and servers with a certificate.
//!
//! [`TlsClient`] belongs to the clients that can encrypt: [`TcpFrames::tls`](crate::TcpFrames::tls), and those of `ws` and
//! `http`. [`TlsServer`] turns what a listener accepts into an encrypted connection, for
//! [`framing::frames`](crate::framing::frames).

use std::{error::Error, fmt, io, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        self, ClientConfig, RootCertStore, ServerConfig,
        crypto::{CryptoProvider, ring::default_provider},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem, pem::PemObject},
    },
};

use crate::net::transport::BoxTransport;

pub use tokio_rustls::{self, server::TlsStream};

/// How a client encrypts, and which servers it trusts. A clone shares the sessions that it may resume.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    server_name: Option<String>,
}

impl TlsClient {
    /// Trusts the servers that the web trusts: the root certificates of Mozilla, as of this build.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if there is no way to encrypt.
    pub fn new() -> Result<Self, TlsError> {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        Self::with_roots(roots)
    }

    /// Trusts the servers whose certificates are signed by one of those in a PEM file, and no other.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if the file cannot be read or has no certificate.
    pub fn trusting(certificates: impl AsRef<Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in read_certificates(certificates.as_ref())? {
            roots.add(certificate)?;
        }
        Self::with_roots(roots)
    }

    /// Takes a configuration of rustls, for all that this type does not offer.
    pub fn from_config(config: impl Into<Arc<ClientConfig>>) -> Self {
        Self {
            config: config.into(),
            server_name: None,
        }
    }

    /// Expects the server to be `name`, in place of the host that is connected to.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    fn with_roots(roots: RootCertStore) -> Result<Self, TlsError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::from_config(config))
    }

    pub(crate) async fn connect<S>(&self, host: &str, stream: S) -> io::Result<BoxTransport>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let host = self.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        Ok(Box::new(connector.connect(name, stream).await?))
    }
}

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
            Ok(accepted) => accepted.map_err(|cause| TlsError(Failure::Handshake(cause))),
            Err(_) => Err(TlsError(Failure::Late(self.handshake_timeout))),
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

/// Names the crypto provider: the default of rustls panics in a program that has two.
fn provider() -> Arc<CryptoProvider> {
    default_provider().into()
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |cause| TlsError::pem(path, cause);
    let certificates = CertificateDer::pem_file_iter(path).map_err(failed)?;
    let certificates = certificates
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    if certificates.is_empty() {
        return Err(failed(pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

/// Why there is no encryption.
#[derive(Debug)]
pub struct TlsError(Failure);

#[derive(Debug)]
enum Failure {
    Pem { path: String, cause: pem::Error },
    Config(rustls::Error),
    Handshake(io::Error),
    Late(Duration),
}

impl TlsError {
    fn pem(path: &Path, cause: pem::Error) -> Self {
        let path = path.display().to_string();
        Self(Failure::Pem { path, cause })
    }

    /// Tells whether a client is to blame, so that the next one may fare better.
    pub fn is_handshake(&self) -> bool {
        matches!(self.0, Failure::Handshake(_) | Failure::Late(_))
    }
}

impl From<rustls::Error> for TlsError {
    fn from(cause: rustls::Error) -> Self {
        Self(Failure::Config(cause))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Failure::Pem { path, cause } => {
                write!(f, "cannot read a certificate or key from {path}: {cause}")
            }
            Failure::Config(cause) => write!(f, "cannot set up TLS: {cause}"),
            Failure::Handshake(cause) => write!(f, "no TLS with a client: {cause}"),
            Failure::Late(limit) => write!(f, "no TLS with a client within {limit:?}"),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Failure::Pem { cause, .. } => Some(cause),
            Failure::Config(cause) => Some(cause),
            Failure::Handshake(cause) => Some(cause),
            Failure::Late(_) => None,
        }
    }
}
