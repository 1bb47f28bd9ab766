//! Cookies, by RFC 6265, for as long as the program runs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use cookie::{Cookie, Expiration};
use hyper::HeaderMap;
use hyper::header::{HeaderValue, SET_COOKIE};
use url::Url;

/// The longest cookie that is kept, in bytes of its header.
const LONGEST: usize = 4096;

/// Most cookies of one domain; then the oldest goes.
const MOST_PER_DOMAIN: usize = 50;

/// Most domains that may have cookies; those of others are not kept.
const MOST_DOMAINS: usize = 10_000;

/// The cookies of a client.
#[derive(Debug, Default)]
pub(super) struct Jar(Mutex<HashMap<String, Vec<Kept>>>);

#[derive(Debug)]
struct Kept {
    name: String,
    value: String,
    path: String,
    /// Only for the very host that set it, not for those below.
    is_for_host: bool,
    is_secure: bool,
    expires: Option<SystemTime>,
}

impl Jar {
    /// Keeps what the answer to a request for `url` sets, and forgets what it ends.
    pub(super) fn keep(&self, url: &Url, headers: &HeaderMap, now: SystemTime) {
        for header in headers.get_all(SET_COOKIE) {
            if let Some(text) = header.to_str().ok().filter(|text| text.len() <= LONGEST)
                && let Ok(cookie) = Cookie::parse(text)
                && let Some((domain, kept)) = accept(url, &cookie, now)
            {
                self.put(domain, kept, now);
            }
        }
    }

    fn put(&self, domain: String, kept: Kept, now: SystemTime) {
        // Every change is complete before anything can panic, so a poisoned lock is a sound one.
        let mut domains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if domains.len() >= MOST_DOMAINS && !domains.contains_key(&domain) {
            return;
        }
        let cookies = domains.entry(domain).or_default();
        cookies.retain(|known| (&known.name, &known.path) != (&kept.name, &kept.path));
        if kept.expires.is_none_or(|end| end > now) {
            if cookies.len() == MOST_PER_DOMAIN {
                cookies.remove(0);
            }
            cookies.push(kept);
        }
    }

    /// What a request for `url` says in `Cookie`: those with the longest path first, then the oldest.
    pub(super) fn header(&self, url: &Url, now: SystemTime) -> Option<HeaderValue> {
        let domains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if domains.is_empty() {
            return None;
        }
        let host = url.host_str()?;
        let fits = |kept: &&Kept| {
            (!kept.is_secure || url.scheme() == "https")
                && kept.expires.is_none_or(|end| end > now)
                && is_below(url.path(), &kept.path)
        };
        let mut found: Vec<&Kept> = Vec::new();
        let mut domain = Some(host);
        while let Some(name) = domain {
            let kept = domains.get(name).into_iter().flatten().filter(fits);
            found.extend(kept.filter(|kept| !kept.is_for_host || name.len() == host.len()));
            domain = name.split_once('.').map(|(_, rest)| rest);
        }
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = found
            .iter()
            .map(|kept| format!("{}={}", kept.name, kept.value))
            .collect();
        let mut value = HeaderValue::try_from(pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The domain that a cookie belongs to, if the host of `url` may set it.
fn accept(url: &Url, cookie: &Cookie<'_>, now: SystemTime) -> Option<(String, Kept)> {
    let host = url.host_str()?;
    let wanted = cookie.domain().filter(|domain| !domain.is_empty());
    let (domain, is_for_host) = match wanted.map(str::to_ascii_lowercase) {
        None => (host.to_owned(), true),
        Some(domain) if domain == host => {
            let is_alone = host.parse::<IpAddr>().is_ok() || is_public_suffix(&domain);
            (domain, is_alone)
        }
        Some(domain) if is_above(&domain, host) && !is_public_suffix(&domain) => (domain, false),
        Some(_) => return None,
    };
    let is_secure = cookie.secure().unwrap_or(false);
    if is_secure && url.scheme() != "https" {
        return None;
    }
    let path = cookie.path().filter(|path| path.starts_with('/'));
    let kept = Kept {
        name: cookie.name().to_owned(),
        value: cookie.value().to_owned(),
        path: path.map_or_else(|| folder(url.path()), str::to_owned),
        is_for_host,
        is_secure,
        expires: end(cookie, now),
    };
    Some((domain, kept))
}

/// When a cookie ends; none if the program ends before.
fn end(cookie: &Cookie<'_>, now: SystemTime) -> Option<SystemTime> {
    if let Some(age) = cookie.max_age() {
        let age = Duration::try_from(age).unwrap_or(Duration::ZERO);
        return now.checked_add(age);
    }
    match cookie.expires()? {
        Expiration::DateTime(end) => Some(end.into()),
        Expiration::Session => None,
    }
}

fn is_above(domain: &str, host: &str) -> bool {
    host.parse::<IpAddr>().is_err()
        && host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// Tells whether anybody may register names right below `domain`: a cookie there would be for strangers.
fn is_public_suffix(domain: &str) -> bool {
    psl::domain_str(domain).is_none()
}

/// The path of a cookie that names none: that of `path` up to its last slash.
fn folder(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    /// What a request for `to` says after `from` has set these, all at the beginning of time.
    fn sent(from: &str, cookies: &[&'static str], to: &str) -> String {
        let jar = Jar::default();
        let headers: HeaderMap = cookies
            .iter()
            .map(|cookie| (SET_COOKIE, HeaderValue::from_static(cookie)))
            .collect();
        jar.keep(&url(from), &headers, START);
        let header = jar.header(&url(to), START);
        header.map_or_else(String::new, |value| {
            value.to_str().expect("ASCII").to_owned()
        })
    }

    /// Who sets what, and what is sent to whom then.
    fn check(cases: &[(&str, &'static str, &str, &str)]) {
        for (from, cookie, to, expected) in cases {
            assert_eq!(sent(from, &[cookie], to), *expected, "{cookie} {from} {to}");
        }
    }

    #[test]
    fn cookies_come_back_to_their_hosts() {
        check(&[
            ("http://river.test/", "a=1", "http://river.test/x", "a=1"),
            ("http://river.test/", "a=1", "https://river.test:81/", "a=1"),
            ("http://river.test/", "a=1", "http://www.river.test/", ""),
            (
                "http://river.test/",
                "a=1; Domain=.River.test",
                "http://www.river.test/",
                "a=1",
            ),
            (
                "http://www.river.test/",
                "a=1; domain=river.test",
                "http://river.test/",
                "a=1",
            ),
            (
                "http://river.test/",
                "a=1; domain=sea.test",
                "http://sea.test/",
                "",
            ),
            (
                "http://driver.test/",
                "a=1; domain=river.test",
                "http://river.test/",
                "",
            ),
            // A public suffix is everybody's, unless it is the host itself.
            (
                "http://a.co.uk/",
                "a=1; domain=co.uk",
                "http://b.co.uk/",
                "",
            ),
            (
                "http://github.io/",
                "a=1; domain=github.io",
                "http://b.github.io/",
                "",
            ),
            (
                "http://github.io/",
                "a=1; domain=github.io",
                "http://github.io/",
                "a=1",
            ),
            (
                "http://127.0.0.1/",
                "a=1; domain=0.0.1",
                "http://9.0.0.1/",
                "",
            ),
            ("http://127.0.0.1/", "a=1", "http://127.0.0.1:8080/", "a=1"),
        ]);
    }

    #[test]
    fn paths_tls_and_time_are_respected() {
        check(&[
            (
                "http://river.test/docs/a",
                "a=1",
                "http://river.test/docs/b",
                "a=1",
            ),
            (
                "http://river.test/docs/a",
                "a=1",
                "http://river.test/docsy",
                "",
            ),
            (
                "http://river.test/docs/a",
                "a=1; path=/",
                "http://river.test/",
                "a=1",
            ),
            (
                "https://river.test/",
                "a=1; secure",
                "http://river.test/",
                "",
            ),
            (
                "https://river.test/",
                "a=1; secure",
                "https://river.test/",
                "a=1",
            ),
            (
                "http://river.test/",
                "a=1; secure",
                "https://river.test/",
                "",
            ),
            (
                "http://river.test/",
                "a=1; max-age=0",
                "http://river.test/",
                "",
            ),
            (
                "http://river.test/",
                "a=1; max-age=60",
                "http://river.test/",
                "a=1",
            ),
            (
                "http://river.test/",
                "a=1; expires=Fri, 01 Jan 2100 00:00:00 GMT",
                "http://river.test/",
                "a=1",
            ),
        ]);
    }

    #[test]
    fn the_last_of_a_name_counts_and_the_longest_path_is_first() {
        let set = [
            "a=1",
            "b=2; path=/docs",
            "a=3",
            "c=4; max-age=-1",
            "nothing",
        ];
        assert_eq!(
            sent("http://river.test/", &set, "http://river.test/docs/x"),
            "b=2; a=3"
        );
        let ended = ["a=1", "a=; max-age=0"];
        assert_eq!(sent("http://river.test/", &ended, "http://river.test/"), "");
    }

    #[test]
    fn a_cookie_ends_when_its_time_is_over() {
        let jar = Jar::default();
        let headers =
            HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static("a=1; max-age=60"))]);
        let river = url("http://river.test/");
        jar.keep(&river, &headers, START);
        let just_before = START + Duration::from_secs(59);
        assert!(jar.header(&river, just_before).is_some());
        assert!(jar.header(&river, START + Duration::from_mins(1)).is_none());
    }

    #[test]
    fn no_server_fills_the_memory() {
        let jar = Jar::default();
        let long = format!("long={}", "x".repeat(LONGEST));
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::try_from(long).expect("valid"));
        for number in 0..1000 {
            let cookie = HeaderValue::try_from(format!("c{number}=1")).expect("valid");
            headers.append(SET_COOKIE, cookie);
        }
        let river = url("http://river.test/");
        jar.keep(&river, &headers, START);
        let sent = jar.header(&river, START).expect("the last ones");
        let sent = sent.to_str().expect("ASCII");
        assert_eq!(sent.split("; ").count(), MOST_PER_DOMAIN);
        assert!(sent.ends_with("c999=1"), "{sent}");
    }
}
