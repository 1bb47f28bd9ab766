//! Reads the values of options from the forms that people write them in.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytesize::ByteSize;
use hyper::header::HeaderValue;
use url::Url;

use super::run::DashboardAddress;

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
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user names and passwords are not sent; leave them out".to_owned());
    }
    Ok(url)
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
pub(crate) fn rate(text: &str) -> Result<f64, String> {
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
            "https://me:secret@example.org/",
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
        assert_eq!(rate("0.5"), Ok(0.5));
        assert!(rate("0").is_err() && rate("inf").is_err() && rate("NaN").is_err());
        let address = "[::1]:80".parse().expect("an address");
        assert_eq!(dashboard("[::1]:80"), Ok(DashboardAddress::At(address)));
        assert_eq!(dashboard("auto"), Ok(DashboardAddress::Auto));
        assert!(dashboard("localhost").is_err());
        assert!(at_least_one("0").is_err() && at_least_one("many").is_err());
        assert!(user_agent("me/1 (+https://example.org)").is_ok());
        assert!(user_agent("").is_err() && user_agent("a\nb").is_err() && user_agent("ü").is_err());
    }
}
