//! What a client may do and how long it may take.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderMap, HeaderValue};
use tokio_rustls::rustls::RootCertStore;
use url::Url;

use super::auth::Credentials;
use super::dns::{Resolve, SystemResolver};
use super::proxy::Proxy;

/// The name and the version of this package, as `crawler/1.2.3`.
pub const DEFAULT_USER_AGENT: &str =
    concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The settings of a [`Client`](super::Client).
///
/// Start from [`Config::default`] and set what differs:
///
/// ```
/// # use crawler::fetch::{Client, Config};
/// # use std::time::Duration;
/// let client = Client::new(Config { timeout: Duration::from_secs(5), ..Config::default() });
/// ```
#[derive(Clone)]
pub struct Config {
    /// Sent as `User-Agent` with every request.
    pub user_agent: HeaderValue,
    /// Bound on resolving the name, connecting, and the TLS handshake together.
    pub connect_timeout: Duration,
    /// Bound on the whole request, from the call to the last byte of the body. Like the one above,
    /// it is taken as a year if it is longer.
    pub timeout: Duration,
    /// Bound on the wait for each piece of a body.
    pub stall_timeout: Duration,
    /// Most bytes of a body that are kept, counted after decoding. Longer bodies are cut there and
    /// told as [`truncated`](super::Response::truncated).
    pub body_limit: usize,
    /// How many times as long as it was sent a body may become when it is decoded; longer ones are cut and told as a
    /// [`bomb`](super::Response::is_bomb).
    pub ratio_limit: usize,
    /// Sent with every request to every host, in place of what would be sent otherwise.
    pub headers: HeaderMap,
    /// Names and passwords, each sent to its host only.
    pub credentials: Credentials,
    /// Whether cookies are kept and sent back.
    pub cookies: bool,
    /// Where requests are sent instead of to the hosts themselves.
    ///
    /// The proxy looks names up then, so only addresses that stand in URLs are checked for being public.
    pub proxy: Option<Proxy>,
    /// How long the addresses of a name are remembered.
    pub dns_ttl: Duration,
    /// What finds the addresses of names.
    pub resolver: Arc<dyn Resolve>,
    /// Most HTTP/1.1 connections that are kept open per origin while no request uses them.
    pub max_idle_per_host: usize,
    /// Most connections that are kept open over all origins; the longest idle is closed first.
    pub max_idle: usize,
    /// How long a connection may be idle before it is no longer used.
    pub idle_timeout: Duration,
    /// Whether addresses that are not public may be connected to.
    pub allow_private: bool,
    /// Whether the headers of requests are kept, as [`sent`](super::Response::sent).
    pub keep_requests: bool,
    /// Hosts that may resolve to private addresses in any case; see [`Config::trust`].
    pub trusted: HashSet<String>,
    /// Certificate authorities that are trusted; the web's (Mozilla's list) when `None`.
    pub roots: Option<RootCertStore>,
}

impl Config {
    /// Lets the host and port of `url` resolve to a private address.
    ///
    /// Meant for the URLs that a user typed: naming `http://localhost:8080/` is consent to crawl it,
    /// a link to it on somebody's page is not. A URL without a host is ignored.
    pub fn trust(&mut self, url: &Url) {
        if let Some(authority) = authority(url) {
            self.trusted.insert(authority);
        }
    }
}

/// The host and the effective port of `url`, as `host:port`.
pub(super) fn authority(url: &Url) -> Option<String> {
    Some(format!(
        "{}:{}",
        url.host_str()?,
        url.port_or_known_default()?
    ))
}

impl Default for Config {
    fn default() -> Self {
        Self {
            user_agent: HeaderValue::from_static(DEFAULT_USER_AGENT),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(15),
            body_limit: 2 * 1024 * 1024,
            ratio_limit: 200,
            headers: HeaderMap::new(),
            credentials: Credentials::default(),
            cookies: false,
            proxy: None,
            dns_ttl: Duration::from_mins(5),
            resolver: Arc::new(SystemResolver),
            max_idle_per_host: 8,
            max_idle: 512,
            idle_timeout: Duration::from_secs(30),
            allow_private: false,
            keep_requests: false,
            trusted: HashSet::new(),
            roots: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("user_agent", &self.user_agent)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("stall_timeout", &self.stall_timeout)
            .field("body_limit", &self.body_limit)
            .field("ratio_limit", &self.ratio_limit)
            .field("headers", &self.headers)
            .field("credentials", &self.credentials)
            .field("cookies", &self.cookies)
            .field("proxy", &self.proxy)
            .field("dns_ttl", &self.dns_ttl)
            .field("max_idle_per_host", &self.max_idle_per_host)
            .field("max_idle", &self.max_idle)
            .field("idle_timeout", &self.idle_timeout)
            .field("allow_private", &self.allow_private)
            .field("keep_requests", &self.keep_requests)
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}
