//! Reads the values of options from the forms that people write them in.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytesize::ByteSize;
use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING,
    UPGRADE, USER_AGENT,
};
use url::{Host, Url};

use super::run::DashboardAddress;
use crate::fetch::{NoProxy, Proxy};

/// A URL, of which `https://` may be left out (`http://` for this machine and for addresses).
pub(super) fn url(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() || authority.contains('@') {
            return Err("not the URL of a web site".to_owned());
        }
        let scheme = if is_plain(authority) { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{text}"))
    };
    let url = url.map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{} is not http or https", url.scheme()));
    }
    Ok(url)
}

/// The URL of an HTTP proxy, of which `http://` may be left out.
pub(super) fn proxy(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("http://{text}"))
    };
    let url = url.map_err(|error| error.to_string())?;
    Proxy::new(&url, NoProxy::default())?;
    Ok(url)
}

/// A header that is sent with every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name, in lower case.
    pub name: HeaderName,
    /// The value; not shown where values are printed, for it may be a secret.
    pub value: HeaderValue,
}

/// Headers that say how a message is sent, which is not for the user to say.
const RESERVED: [HeaderName; 7] = [
    HOST,
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    UPGRADE,
    USER_AGENT,
];

/// A header such as `Accept-Language: de`.
pub(super) fn header(text: &str) -> Result<Header, String> {
    let (name, value) = text.split_once(':').ok_or("write it like 'Name: value'")?;
    let name: HeaderName = name.trim().parse().map_err(|_| "no name of a header")?;
    let mut value =
        HeaderValue::from_str(value.trim()).map_err(|_| "only printable ASCII can be sent")?;
    if RESERVED.contains(&name) {
        return Err(format!("{name} is set by the crawler itself"));
    }
    value.set_sensitive(true);
    Ok(Header { name, value })
}

/// A name and a password for one host.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    host: String,
    port: Option<u16>,
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Login {
    /// Whom they are for, as `host:port`.
    pub(super) fn authorities(&self) -> impl Iterator<Item = String> {
        let ports = match self.port {
            Some(port) => vec![port],
            None => vec![80, 443],
        };
        ports
            .into_iter()
            .map(|port| format!("{}:{port}", self.host))
    }
}

/// Without the password.
impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A login such as `example.org=user:password`.
pub(super) fn login(text: &str) -> Result<Login, String> {
    const FORM: &str = "write it like example.org=user:password";
    let (host, pair) = text.split_once('=').ok_or(FORM)?;
    let (user, password) = pair.split_once(':').ok_or(FORM)?;
    // A port that no scheme has for its own stays in the URL.
    let url = Url::parse(&format!("ftp://{}", host.trim())).map_err(|error| error.to_string())?;
    let host = url
        .host_str()
        .filter(|_| url.path().len() <= 1 && url.username().is_empty());
    // Once more as browsers read the hosts of web sites.
    let host = host.and_then(|host| Host::parse(host).ok()).ok_or(FORM)?;
    Ok(Login {
        host: host.to_string(),
        port: url.port(),
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

/// Requests in a time, such as `2/s` or `30/m`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(Duration);

impl Rate {
    /// The time from one request to the next.
    #[must_use]
    pub fn pause(self) -> Duration {
        self.0
    }
}

/// A rate such as `2/s`, `30/m` or `0.5/s`.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    const FORM: &str = "write it like 2/s, 30/m or 500/h";
    let (count, unit) = text.split_once('/').ok_or(FORM)?;
    let count: f64 = count.trim().parse().map_err(|_| FORM)?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(FORM.to_owned()),
    };
    if count <= 0.0 {
        return Err("must be more than 0".to_owned());
    }
    Duration::try_from_secs_f64(seconds / count)
        .map(Rate)
        .map_err(|_| FORM.to_owned())
}

/// A factor of at least 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factor(f64);

impl Factor {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A factor such as `2` or `0.5`.
pub(super) fn factor(text: &str) -> Result<Factor, String> {
    match text.trim().parse() {
        Ok(factor) if (0.0..=1000.0).contains(&factor) => Ok(Factor(factor)),
        Ok(_) => Err("must be from 0 to 1000".to_owned()),
        Err(_) => Err("not a number".to_owned()),
    }
}

/// Tells whether `authority` (host and port) is better spoken to without TLS.
fn is_plain(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.split(':').next().unwrap_or(authority),
    };
    is_localhost(host) || host.parse::<IpAddr>().is_ok()
}

/// Tells whether a name stands for this machine.
pub(super) fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// A time such as `250ms`, `1s` or `0`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text.trim())
        .map_err(|error| format!("{error}; write it like 250ms, 1s or 2m"))
}

/// A time that is longer than nothing.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("a request needs some time".to_owned()),
        longer => Ok(longer),
    }
}

/// A size such as `2MiB`, `500kB` or `65536`.
pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    match text.trim().parse::<ByteSize>() {
        Ok(ByteSize(0)) => Err("nothing could be kept".to_owned()),
        Ok(size) => Ok(size),
        Err(error) => Err(format!("{error}; write it like 2MiB, 500kB or 65536")),
    }
}

/// A count for which 0 would mean to stand still.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("not a whole number".to_owned()),
    }
}

/// So many pages a second: a number above 0.
pub(crate) fn pages_per_second(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(rate) if (0.001..=1e6).contains(&rate) => Ok(rate),
        Ok(_) => Err("a rate lies between 0.001 and 1000000".to_owned()),
        Err(_) => Err("not a number".to_owned()),
    }
}

/// An address with a port, or `auto`.
pub(super) fn dashboard(text: &str) -> Result<DashboardAddress, String> {
    match text.trim() {
        "auto" => Ok(DashboardAddress::Auto),
        address => match address.parse::<SocketAddr>() {
            Ok(address) => Ok(DashboardAddress::At(address)),
            Err(_) => Err("not an address with a port; write it like 127.0.0.1:8707".to_owned()),
        },
    }
}

/// A name that can stand in a header.
pub(super) fn user_agent(text: &str) -> Result<HeaderValue, String> {
    match HeaderValue::from_str(text.trim()) {
        Ok(value) if value.is_empty() => Err("must not be empty".to_owned()),
        Ok(value) if value.to_str().is_ok() => Ok(value),
        _ => Err("only printable ASCII can be sent".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_may_be_left_out() {
        let cases = [
            ("example.org", "https://example.org/"),
            ("example.org:8443/a?b", "https://example.org:8443/a?b"),
            ("http://example.org", "http://example.org/"),
            ("localhost", "http://localhost/"),
            ("LOCALHOST:8080/x", "http://localhost:8080/x"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("[::1]:8080/", "http://[::1]:8080/"),
            ("93.184.216.34", "http://93.184.216.34/"),
            ("bücher.example", "https://xn--bcher-kva.example/"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                url(text).map(String::from).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_web_site_is_refused() {
        for text in [
            "",
            " ",
            "/index.html",
            "mailto:me@example.org",
            "ftp://example.org/",
            "http://",
            "javascript:alert(1)",
            "a b.org",
            "http://[",
            "example.org:99999",
            "file:///etc/passwd",
            "me:secret@example.org",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_and_sizes_are_humane() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert!(duration("5").is_err() && duration("-1s").is_err() && duration("soon").is_err());
        assert!(timeout("0").is_err() && timeout("1ms").is_ok());
        assert_eq!(size("2MiB"), Ok(ByteSize::mib(2)));
        assert_eq!(size("500 kB"), Ok(ByteSize::kb(500)));
        assert_eq!(size("65536"), Ok(ByteSize(65536)));
        assert!(size("0").is_err() && size("much").is_err() && size("-1").is_err());
        assert_eq!(at_least_one("7"), Ok(7));
        assert_eq!(pages_per_second("0.5"), Ok(0.5));
        for text in ["0", "-1", "inf", "NaN", "2/s"] {
            assert!(pages_per_second(text).is_err(), "{text}");
        }
        let address = "[::1]:80".parse().expect("an address");
        assert_eq!(dashboard("[::1]:80"), Ok(DashboardAddress::At(address)));
        assert_eq!(dashboard("auto"), Ok(DashboardAddress::Auto));
        assert!(dashboard("localhost").is_err());
        assert!(at_least_one("0").is_err() && at_least_one("many").is_err());
        assert!(user_agent("me/1 (+https://example.org)").is_ok());
        assert!(user_agent("").is_err() && user_agent("a\nb").is_err() && user_agent("ü").is_err());
    }

    #[test]
    fn headers_have_a_name_and_a_value_of_their_own() {
        let language = header("Accept-Language:  de ").expect("a header");
        assert_eq!(
            (language.name.as_str(), language.value.as_bytes()),
            ("accept-language", &b"de"[..])
        );
        for text in [
            "de",
            "a b: c",
            "x: a\nb",
            "Host: a",
            "accept-encoding: br",
            ": x",
        ] {
            assert!(header(text).is_err(), "{text}");
        }
    }

    #[test]
    fn logins_are_for_one_host() {
        let login_of = |text| login(text).expect("a login");
        let usual = login_of("Example.org=me:a:b=c");
        assert_eq!((&*usual.user, &*usual.password), ("me", "a:b=c"));
        let authorities: Vec<String> = usual.authorities().collect();
        assert_eq!(authorities, ["example.org:80", "example.org:443"]);
        let other: Vec<String> = login_of("[::1]:8080=me:").authorities().collect();
        assert_eq!(other, ["[::1]:8080"]);
        assert!(!format!("{usual:?}").contains("a:b"));
        for text in [
            "example.org",
            "example.org=me",
            "=me:x",
            "a/b=me:x",
            "a b=me:x",
        ] {
            assert!(login(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_factors_and_proxies() {
        assert_eq!(rate("4/s").map(Rate::pause), Ok(Duration::from_millis(250)));
        assert_eq!(rate("0.5/m").map(Rate::pause), Ok(Duration::from_mins(2)));
        for text in ["4", "0/s", "-1/s", "x/s", "4/d", "nan/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert_eq!(factor("0.5").map(Factor::get), Ok(0.5));
        assert!(factor("-1").is_err() && factor("nan").is_err() && factor("x").is_err());
        assert_eq!(
            proxy("localhost:3128").map(String::from).as_deref(),
            Ok("http://localhost:3128/")
        );
        assert!(proxy("socks5://localhost").is_err() && proxy("http://").is_err());
    }
}
