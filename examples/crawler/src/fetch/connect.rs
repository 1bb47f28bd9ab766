//! Opens connections: resolve, check the address, connect, TLS, HTTP handshake.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

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
use super::dial::dial;
use super::dns::Dns;
use super::error::FetchError;
use super::guard::is_public;
use super::proxy::Proxy;

const HTTP2: &[u8] = b"h2";

/// The longest head of an answer that is read, in bytes; also how much is read of a body at a time.
const LONGEST_HEAD: usize = 128 * 1024;

pub(super) struct Connector {
    config: Arc<Config>,
    dns: Dns,
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
            dns: Dns::new(config.resolver.clone(), config.dns_ttl),
            config,
            tls: TlsConnector::from(Arc::new(tls)),
        }
    }

    /// Opens a connection to the host of `url`, of which `origin` is the start, or to the proxy that leads there.
    pub(super) async fn connect(&self, url: &Url, origin: &str) -> Result<Connection, FetchError> {
        let unreachable = |source| FetchError::Unreachable {
            host: host(url),
            source,
        };
        let proxy = self.proxy_for(url);
        let addresses = match proxy {
            Some(proxy) => self.way_to(proxy, url).await?,
            None => self.resolve(url).await?,
        };
        let mut tcp = dial(&addresses).await.map_err(unreachable)?;
        let remote = tcp.peer_addr().map_err(unreachable)?;
        // A request is one small write, which must not wait for the acknowledgement of another.
        // Where the option is missing, it is only slower.
        let _ = tcp.set_nodelay(true);

        let is_secure = url.scheme() == "https";
        if let Some(proxy) = proxy
            && is_secure
        {
            proxy.tunnel(&mut tcp, url).await.map_err(unreachable)?;
        }
        let (io, is_http2) = if is_secure {
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

    /// The proxy that requests for `url` go by, if any.
    pub(super) fn proxy_for(&self, url: &Url) -> Option<&Proxy> {
        self.config.proxy.as_ref().filter(|proxy| proxy.serves(url))
    }

    /// The addresses of the host that may be connected to, in the order of preference.
    ///
    /// The very addresses that were checked are connected to. A name that resolves to something
    /// else a moment later (DNS rebinding) gains nothing.
    pub(super) async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let all = self.addresses(url.host(), url).await?;
        let port = url.port_or_known_default().unwrap_or_default();
        let is_trusted = self.trusts(url);
        let allowed: Vec<SocketAddr> = all
            .iter()
            .filter(|address| is_trusted || is_public(**address))
            .map(|address| SocketAddr::new(*address, port))
            .collect();
        match all.first() {
            Some(address) if allowed.is_empty() => Err(FetchError::PrivateAddress {
                host: host(url),
                address: *address,
            }),
            _ => Ok(allowed),
        }
    }

    /// The addresses of a proxy, for `url`. What the name of its host resolves to is known to the proxy alone.
    async fn way_to(&self, proxy: &Proxy, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let is_literal = !matches!(url.host(), Some(Host::Domain(name)) if !is_localhost(name));
        if is_literal {
            self.resolve(url).await?;
        }
        let addresses = self.addresses(Some(as_borrowed(proxy.host())), url).await?;
        Ok(addresses
            .iter()
            .map(|address| SocketAddr::new(*address, proxy.port()))
            .collect())
    }

    async fn addresses(
        &self,
        searched: Option<Host<&str>>,
        url: &Url,
    ) -> Result<Arc<[IpAddr]>, FetchError> {
        let found = match searched {
            Some(Host::Domain(name)) => self.dns.resolve(name).await,
            Some(Host::Ipv4(address)) => Ok([IpAddr::V4(address)].into()),
            Some(Host::Ipv6(address)) => Ok([IpAddr::V6(address)].into()),
            None => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "there is no host in it",
            )),
        };
        found.map_err(|source| FetchError::Name {
            host: host(url),
            source,
        })
    }

    fn trusts(&self, url: &Url) -> bool {
        self.config.allow_private
            || authority(url).is_some_and(|authority| self.config.trusted.contains(&authority))
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

fn as_borrowed(host: &Host) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
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
        .max_buf_size(LONGEST_HEAD)
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
