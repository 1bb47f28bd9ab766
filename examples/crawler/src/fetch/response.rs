//! What came back.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use hyper::{HeaderMap, StatusCode, Version};
use tokio::time::Instant;
use url::Url;

use super::reason::Reason;

/// The answer to one request, of whatever status.
#[derive(Debug, Clone)]
pub struct Response {
    /// The URL that was requested.
    pub url: Url,
    /// The headers of the request, if the configuration asks to keep them.
    pub sent: Option<HeaderMap>,
    /// The version of HTTP that was spoken.
    pub version: Version,
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers as they were sent; `Content-Encoding` is kept though the body is decoded.
    pub headers: HeaderMap,
    /// Whether the headers name a `Content-Encoding` that the body is rid of.
    pub is_decoded: bool,
    /// The decoded body; empty if it was not wanted. One that came in a single piece shares the
    /// buffer it was read into, which may be larger: copy what is to be kept for long.
    pub body: Bytes,
    /// Whether the body was longer than the limit and was cut there.
    pub truncated: bool,
    /// Whether the body decodes to far more than was sent, and was cut for that.
    pub is_bomb: bool,
    /// Where a redirect (3xx) leads, resolved against `url`.
    pub location: Option<Url>,
    /// The address that answered.
    pub remote: SocketAddr,
    /// The time from the call to the last byte.
    pub elapsed: Duration,
    /// The time that the server took from the request to the head of its answer.
    pub latency: Duration,
    /// When the head of the answer had come: by then the server had seen the request.
    pub answered: Instant,
}

impl Response {
    /// The value of `Content-Type`, if it was sent and is ASCII.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Tells whether there is a page in the body, by its `Content-Type`; where none is sent, there is.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE);
        !self.body.is_empty() && kind.is_none_or(|kind| is_html(kind.as_bytes()))
    }

    /// What is wrong with the body, if something is.
    #[must_use]
    pub fn cut(&self) -> Option<Reason> {
        if self.is_bomb {
            Some(Reason::Bomb)
        } else {
            self.truncated.then_some(Reason::TooLong)
        }
    }

    /// How long the server asks to wait before the next request (`Retry-After`).
    ///
    /// Seconds are taken as they are, a date is measured from the clock of this machine; zero if
    /// it has passed. `None` if nothing was asked, or not in a form that can be read.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, SystemTime::now())
    }
}

/// Tells whether a `Content-Type` is that of a page.
pub(crate) fn is_html(content_type: &[u8]) -> bool {
    let kind = content_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    let kind = kind.trim_ascii();
    kind.eq_ignore_ascii_case(b"text/html") || kind.eq_ignore_ascii_case(b"application/xhtml+xml")
}

fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Where a redirect leads. Bytes beyond ASCII are read as UTF-8, as browsers do.
pub(super) fn location(url: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
    if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
        return None;
    }
    let target = String::from_utf8_lossy(headers.get(LOCATION)?.as_bytes());
    url.join(&target).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use hyper::StatusCode;
    use hyper::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
    use url::Url;

    use super::{location, retry_after};

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_481);
        let cases = [
            ("125", Some(Duration::from_secs(125))),
            (" 0 ", Some(Duration::ZERO)),
            (
                "Wed, 21 Oct 2015 07:28:31 GMT",
                Some(Duration::from_secs(30)),
            ),
            ("Wed, 21 Oct 2015 07:27:00 GMT", Some(Duration::ZERO)),
            ("soon", None),
            ("-5", None),
        ];
        for (value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            assert_eq!(retry_after(&headers, date), expected, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), date), None);
    }

    #[test]
    fn only_redirects_have_a_location() {
        let url = Url::parse("http://river.test/a/b?c").expect("a URL");
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("../d"));
        let moved = location(&url, StatusCode::MOVED_PERMANENTLY, &headers);
        assert_eq!(
            moved.map(String::from).as_deref(),
            Some("http://river.test/d")
        );
        assert_eq!(location(&url, StatusCode::CREATED, &headers), None);
        assert_eq!(location(&url, StatusCode::NOT_MODIFIED, &headers), None);
        headers.insert(LOCATION, HeaderValue::from_static("http://["));
        assert_eq!(location(&url, StatusCode::FOUND, &headers), None);
    }
}
