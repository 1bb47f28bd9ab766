//! Requests by way of a proxy.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;

use hyper::header::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::{Host, Position, Url};

use super::auth::basic;

/// The most that is read of a proxy's answer to `CONNECT`, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024;

/// An HTTP proxy, and for which hosts it is passed by.
///
/// Requests for `http` are sent to it as they are, those for `https` through a tunnel (`CONNECT`).
#[derive(Clone)]
pub struct Proxy {
    host: Host,
    port: u16,
    authorization: Option<HeaderValue>,
    passed_by: NoProxy,
}

impl Proxy {
    /// The proxy at `url`, such as `http://user:password@proxy.example:3128`.
    ///
    /// # Errors
    ///
    /// If `url` is not that of an HTTP proxy.
    pub fn new(url: &Url, passed_by: NoProxy) -> Result<Self, &'static str> {
        if url.scheme() != "http" {
            return Err("only proxies that are spoken to with http:// can be used");
        }
        let Some(host) = url.host() else {
            return Err("the proxy has no host");
        };
        Ok(Self {
            host: host.to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
            authorization: basic(url),
            passed_by,
        })
    }

    /// Tells whether requests for `url` go this way.
    #[must_use]
    pub fn serves(&self, url: &Url) -> bool {
        !self.passed_by.names(url)
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// What the proxy wants to see with each request that is sent to it as it is.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Makes `tcp`, a connection to the proxy, one to the host of `url`.
    pub(super) async fn tunnel(&self, tcp: &mut TcpStream, url: &Url) -> io::Result<()> {
        let host = &url[Position::BeforeHost..Position::AfterHost];
        let port = url.port_or_known_default().unwrap_or(443);
        let mut request =
            format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        tcp.write_all(&request).await?;
        let mut answer = Vec::new();
        // The other side speaks only when it is spoken to, so nothing follows the head.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() > LONGEST_ANSWER {
                return Err(refused("the proxy's answer has no end"));
            }
            if tcp.read_buf(&mut answer).await? == 0 {
                return Err(refused("the proxy closed the connection"));
            }
        }
        let line = answer.split(|&byte| byte == b'\r').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
        match line.split(' ').nth(1) {
            Some(status) if line.starts_with("HTTP/1.") && status.starts_with('2') => Ok(()),
            _ => Err(refused(&format!("the proxy answered {line:?}"))),
        }
    }
}

fn refused(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, what)
}

/// Without the password.
impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("passed_by", &self.passed_by)
            .finish_non_exhaustive()
    }
}

/// The hosts that a proxy is passed by for, as the variable `NO_PROXY` lists them.
///
/// Separated by commas: `*` for all; a name for itself and what is below it, with or without a dot in front; an address;
/// a network such as `10.0.0.0/8`. A name or an address may have a `:port`.
///
/// # Examples
///
/// ```
/// use crawler::fetch::NoProxy;
///
/// let direct: NoProxy = "localhost, .example.org, 10.0.0.0/8".parse().unwrap();
/// assert!(direct.names(&"http://www.example.org/".parse()?));
/// assert!(direct.names(&"http://10.1.2.3:8080/".parse()?));
/// assert!(!direct.names(&"http://example.com/".parse()?));
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    All,
    Name(String, Option<u16>),
    Address(IpAddr, Option<u16>),
    Network(IpAddr, u8),
}

impl NoProxy {
    /// Tells whether the host of `url` is listed.
    #[must_use]
    pub fn names(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let is_port = |wanted: &Option<u16>| wanted.is_none() || *wanted == port;
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        self.0.iter().any(|entry| match entry {
            Entry::All => true,
            Entry::Name(name, wanted) => {
                is_port(wanted)
                    && host
                        .strip_suffix(&**name)
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Entry::Address(known, wanted) => is_port(wanted) && address == Some(*known),
            Entry::Network(network, bits) => {
                address.is_some_and(|address| is_within(address, *network, *bits))
            }
        })
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            (address.to_bits() ^ network.to_bits()) & mask == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            (address.to_bits() ^ network.to_bits()) & mask == 0
        }
        _ => false,
    }
}

impl FromStr for NoProxy {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        list.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| entry_of(entry).ok_or_else(|| format!("{entry:?} names no host")))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn entry_of(text: &str) -> Option<Entry> {
    if text == "*" {
        return Some(Entry::All);
    }
    if let Some((network, bits)) = text.split_once('/') {
        let network: IpAddr = network.parse().ok()?;
        let bits = bits.parse().ok()?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Entry::Network(network, bits));
    }
    if let Ok(address) = text.trim_matches(['[', ']']).parse() {
        return Some(Entry::Address(address, None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    if let Ok(address) = host.trim_matches(['[', ']']).parse() {
        return Some(Entry::Address(address, port));
    }
    let name = host.trim_start_matches("*.").trim_start_matches('.');
    match Host::parse(name).ok()? {
        Host::Domain(name) => Some(Entry::Name(name, port)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, url: &str, expected: bool) {
        let list: NoProxy = list.parse().expect(list);
        let url = Url::parse(url).expect("a URL");
        assert_eq!(list.names(&url), expected, "{list:?} for {url}");
    }

    #[test]
    fn hosts_are_listed_in_every_way() {
        for (list, url, expected) in [
            ("*", "http://river.test/", true),
            ("", "http://river.test/", false),
            ("river.test", "http://river.test/", true),
            ("river.test", "http://www.river.test./", true),
            ("river.test", "http://driver.test/", false),
            (".river.test", "http://river.test/", true),
            ("*.river.test", "http://www.river.test/", true),
            ("RIVER.test:8080", "http://river.test:8080/", true),
            ("river.test:8080", "http://river.test/", false),
            ("river.test:443", "https://river.test/", true),
            ("a.test, river.test ,", "http://river.test/", true),
            ("10.0.0.1", "http://10.0.0.1/", true),
            ("10.0.0.1:81", "http://10.0.0.1/", false),
            ("10.0.0.0/8", "http://10.9.9.9/", true),
            ("10.0.0.0/8", "http://11.0.0.1/", false),
            ("0.0.0.0/0", "http://11.0.0.1/", true),
            ("0.0.0.0/0", "http://[::1]/", false),
            ("::1", "http://[::1]:8080/", true),
            ("[::1]:8080", "http://[::1]:8080/", true),
            ("fd00::/8", "http://[fd12::1]/", true),
            ("fd00::/8", "http://[fe80::1]/", false),
        ] {
            check(list, url, expected);
        }
        for list in ["10.0.0.0/33", "a b", "river.test:x", "a,,b/c"] {
            assert!(list.parse::<NoProxy>().is_err(), "{list}");
        }
    }

    #[test]
    fn only_http_proxies_serve_and_their_password_is_not_shown() {
        let url = |text| Url::parse(text).expect("a URL");
        for other in ["socks5://proxy.test/", "https://proxy.test/"] {
            assert!(Proxy::new(&url(other), NoProxy::default()).is_err());
        }
        let proxy = Proxy::new(&url("http://me:secret@proxy.test:3128"), NoProxy::default());
        let proxy = proxy.expect("a proxy");
        assert_eq!(proxy.port(), 3128);
        let sent = proxy.authorization().expect("a password");
        assert_eq!(sent, "Basic bWU6c2VjcmV0");
        assert!(!format!("{proxy:?} {sent:?}").contains("bWU6c2VjcmV0"));
    }
}
