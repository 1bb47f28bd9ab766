//! The side that connects.

use std::{io, path::Path, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use crate::{TlsError, pem::read_certificates, provider};

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

    /// Encrypts a connection that was made to `host`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the connection is closed.
    ///
    /// # Errors
    ///
    /// What went wrong with the connection, or what the client has against the server: `rustls` says it in the source.
    pub async fn connect<S>(&self, host: &str, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let host = self.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(name, stream).await
    }
}
