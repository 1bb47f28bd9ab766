//! Who may look, and who may act.
//!
//! The dashboard knows no passwords: it is for the person at this machine. But any web site that this person visits can
//! have the browser send requests to this address, and can point a host name of its own at it. So
//!
//! * the `Host` has to be an address or `localhost`: other names may be anybody's (DNS rebinding);
//! * an `Origin`, if there is one, has to be that of the dashboard itself: browsers send it with every request that acts,
//!   and with every WebSocket (cross-site request forgery, cross-site WebSocket hijacking);
//! * where other machines can reach the dashboard it only shows.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use hyper::{Method, StatusCode};

/// Why a request is refused.
pub(super) type Refusal = (StatusCode, &'static str);

/// Decides about requests to one dashboard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// Whether the dashboard may change the crawl.
    pub(super) controls: bool,
}

impl Guard {
    /// Guards a dashboard that listens at `address`.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            controls: address.ip().is_loopback(),
        }
    }

    /// Tells whether a request may pass.
    ///
    /// # Errors
    ///
    /// The answer to one that may not.
    pub(super) fn check(self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(host) = one(headers.get(HOST)).filter(|host| is_own(host)) else {
            return Err((
                StatusCode::FORBIDDEN,
                "this is a dashboard; call it by its address, or by localhost",
            ));
        };
        let origin = headers.get(ORIGIN);
        if origin.is_some() && one(origin) != Some(&format!("http://{host}")) {
            return Err((
                StatusCode::FORBIDDEN,
                "only the dashboard's own page may do that",
            ));
        }
        match *method {
            Method::GET | Method::HEAD => Ok(()),
            Method::POST if self.controls => Ok(()),
            Method::POST => Err((
                StatusCode::FORBIDDEN,
                "this dashboard only shows, because other machines can reach it; serve it at 127.0.0.1 to control the crawl",
            )),
            _ => Err((StatusCode::METHOD_NOT_ALLOWED, "there is only GET and POST")),
        }
    }
}

fn one(value: Option<&HeaderValue>) -> Option<&str> {
    value?.to_str().ok()
}

/// Tells whether `host`, with or without a port, is no name that could be somebody else's.
fn is_own(host: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        guard: Guard,
        method: &Method,
        host: &str,
        origin: Option<&str>,
    ) -> Option<StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().expect("a header"));
        }
        guard
            .check(method, &headers)
            .err()
            .map(|(status, _)| status)
    }

    #[test]
    fn names_of_others_are_refused() {
        let guard = Guard::new(([127, 0, 0, 1], 8707).into());
        for host in [
            "127.0.0.1:8707",
            "localhost:8707",
            "LOCALHOST",
            "[::1]:8707",
            "10.0.0.7",
        ] {
            assert_eq!(check(guard, &Method::GET, host, None), None, "{host}");
        }
        for host in [
            "evil.test:8707",
            "localhost.evil.test",
            "",
            "127.0.0.1.evil.test",
            "a:b",
        ] {
            let refused = Some(StatusCode::FORBIDDEN);
            assert_eq!(check(guard, &Method::GET, host, None), refused, "{host}");
        }
        assert!(guard.check(&Method::GET, &HeaderMap::new()).is_err());
    }

    #[test]
    fn pages_of_others_are_refused() {
        let guard = Guard::new(([127, 0, 0, 1], 8707).into());
        let host = "127.0.0.1:8707";
        for method in [Method::GET, Method::POST] {
            assert_eq!(
                check(guard, &method, host, Some("http://127.0.0.1:8707")),
                None
            );
            assert_eq!(check(guard, &method, host, None), None, "no browser");
            for origin in [
                "http://127.0.0.1:8708",
                "https://127.0.0.1:8707",
                "http://localhost:8707",
                "http://evil.test",
                "null",
            ] {
                let refused = Some(StatusCode::FORBIDDEN);
                assert_eq!(
                    check(guard, &method, host, Some(origin)),
                    refused,
                    "{origin}"
                );
            }
        }
    }

    #[test]
    fn what_others_can_reach_only_shows() {
        let guard = Guard::new(([0, 0, 0, 0], 8707).into());
        assert_eq!(check(guard, &Method::GET, "10.0.0.7:8707", None), None);
        let refused = Some(StatusCode::FORBIDDEN);
        assert_eq!(check(guard, &Method::POST, "127.0.0.1:8707", None), refused);
        let refused = Some(StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(
            check(guard, &Method::DELETE, "127.0.0.1:8707", None),
            refused
        );
    }
}
