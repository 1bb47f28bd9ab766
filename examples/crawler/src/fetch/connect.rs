//! Opens connections: resolve, check the address, connect, TLS, HTTP handshake.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::either::Either;
use url::{Host, Url};

use super::config::{Config, authority};
use super::connection::{Connection, Http1, Io, Kind};
use super::error::FetchError;
use super::guard::is_public;

const HTTP2: &[u8] = b"h2";

pub(super) struct Connector {
    config: Arc<Config>,
    tls: TlsConnector,
}

impl Connector {
    pub(super) fn new(config: Arc<Config>) -> Self {
        let roots = config.roots.clone().unwrap_or_else(|| RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        });
        let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring serves the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        Self {
            config,
            tls: TlsConnector::from(Arc::new(tls)),
        }
    }

    /// Opens a connection to the host of `url`, of which `origin` is the start.
    pub(super) async fn connect(&self, url: &Url, origin: &str) -> Result<Connection, FetchError> {
        let addresses = self.resolve(url).await?;
        let tcp = self
            .dial(&addresses)
            .await
            .map_err(|source| FetchError::Unreachable {
                host: host(url),
                source,
            })?;
        let remote = tcp.peer_addr().map_err(|source| FetchError::Unreachable {
            host: host(url),
            source,
        })?;
        // A request is one small write, which must not wait for the acknowledgement of another.
        // Where the option is missing, it is only slower.
        let _ = tcp.set_nodelay(true);

        let (io, is_http2) = if url.scheme() == "https" {
            let tls = self
                .secure(url, tcp)
                .await
                .map_err(|source| FetchError::Tls {
                    host: host(url),
                    source,
                })?;
            let is_http2 = tls.get_ref().1.alpn_protocol() == Some(HTTP2);
            (Either::Right(tls), is_http2)
        } else {
            (Either::Left(tcp), false)
        };
        let kind = handshake(TokioIo::new(io), is_http2)
            .await
            .map_err(|source| FetchError::Protocol {
                host: host(url),
                source,
            })?;
        Ok(Connection {
            origin: origin.into(),
            remote,
            kind,
        })
    }

    /// The addresses of the host that may be connected to, in the system's order of preference.
    ///
    /// The very addresses that were checked are connected to. A name that resolves to something
    /// else a moment later (DNS rebinding) gains nothing.
    async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let all: Vec<SocketAddr> = match url.host() {
            Some(Host::Domain(name)) => tokio::net::lookup_host((name, port))
                .await
                .map_err(|source| FetchError::Unreachable {
                    host: host(url),
                    source,
                })?
                .collect(),
            Some(Host::Ipv4(address)) => vec![SocketAddr::new(IpAddr::V4(address), port)],
            Some(Host::Ipv6(address)) => vec![SocketAddr::new(IpAddr::V6(address), port)],
            None => Vec::new(),
        };
        let Some(first) = all.first().copied() else {
            let source = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            return Err(FetchError::Unreachable {
                host: host(url),
                source,
            });
        };
        let is_trusted = self.config.allow_private
            || authority(url).is_some_and(|authority| self.config.trusted.contains(&authority));
        let allowed: Vec<SocketAddr> = all
            .into_iter()
            .filter(|address| is_trusted || is_public(address.ip()))
            .collect();
        if allowed.is_empty() {
            return Err(FetchError::PrivateAddress {
                host: host(url),
                address: first.ip(),
            });
        }
        Ok(allowed)
    }

    /// Connects to the first address that answers. Each gets an even share of the time, so that a
    /// dead one does not keep the others from being tried.
    async fn dial(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let share: Duration = self.config.connect_timeout / count;
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for (tried, address) in addresses.iter().enumerate() {
            // The last one may have all that is left: the caller bounds the whole.
            if tried + 1 == addresses.len() {
                return TcpStream::connect(address).await;
            }
            match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => last = error,
                Err(elapsed) => last = elapsed.into(),
            }
        }
        Err(last)
    }

    async fn secure(&self, url: &Url, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.trim_end_matches('.').to_owned())
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?,
            Some(Host::Ipv4(address)) => ServerName::from(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => ServerName::from(IpAddr::V6(address)),
            None => return Err(io::ErrorKind::InvalidInput.into()),
        };
        self.tls.connect(name, tcp).await
    }
}

async fn handshake(io: Io, is_http2: bool) -> Result<Kind, hyper::Error> {
    if is_http2 {
        let (sender, driver) = http2::handshake(TokioExecutor::new(), io).await?;
        // Ends when the peer closes or the last sender is dropped; requests are told how.
        tokio::spawn(driver);
        return Ok(Kind::Http2(sender));
    }
    // The web has servers that are sloppy about heads; what follows is still worth reading.
    let (sender, driver) = http1::Builder::new()
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake(io)
        .await?;
    Ok(Kind::Http1(Box::new(Http1 {
        sender,
        driver: Some(driver),
    })))
}

/// The host of `url` as its user knows it, with the port if it is not the default.
pub(super) fn host(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}
