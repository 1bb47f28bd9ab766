//! How long a server asks to wait.

use std::time::{Duration, SystemTime};

use hyper::header::{DATE, HeaderMap, RETRY_AFTER};

/// Reads `Retry-After`, which has seconds or a date. A date counts from the server's own clock, if that is told.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let now = headers.get(DATE).and_then(|now| date(now.to_str().ok()?));
    let now = now.unwrap_or_else(SystemTime::now);
    Some(date(text)?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().ok()?);
        }
        Some(retry_after(&headers)?.as_secs())
    }

    #[test]
    fn seconds_and_dates_by_the_clock_of_the_server() {
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read(&[("retry-after", "120")]), Some(120));
        let later = ("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT");
        assert_eq!(read(&[now, later]), Some(23));
        let past = ("retry-after", "Sun, 06 Nov 1994 08:40:00 GMT");
        assert_eq!(read(&[now, past]), Some(0));
        assert_eq!(read(&[past]), Some(0));
    }

    #[test]
    fn what_is_neither_is_as_if_it_were_not_there() {
        assert_eq!(read(&[]), None);
        for text in ["", "soon", "-1", "99999999999999999999999"] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers), None, "{text}");
        }
    }
}
