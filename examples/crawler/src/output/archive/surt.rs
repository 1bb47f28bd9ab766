//! The keys by which archives are searched: URLs with the host from back to front, less what rarely matters.

use std::borrow::Cow;
use std::fmt::Write;

use url::Url;

use crate::percent;

/// The parameters that carry sessions, and how long their values are.
const SESSIONS: [(&str, usize); 3] = [("jsessionid", 32), ("phpsessid", 32), ("sid", 32)];

/// The key of `url` in the Sort-friendly URI Reordering Transform, as web archives canonicalise: without scheme, user,
/// `www.`, default port, a slash at the end and session parameters; all in lower case, the parameters sorted.
pub(super) fn surt(url: &Url) -> String {
    let mut key = String::with_capacity(url.as_str().len() + 2);
    let host = url.host_str().unwrap_or_default();
    let host = without_www(host).trim_matches(['.', '[', ']']);
    let labels = host.rsplit('.');
    for (number, label) in labels.enumerate() {
        if number > 0 {
            key.push(',');
        }
        key.push_str(label);
    }
    if let Some(port) = url.port() {
        // Writing to a string does not fail.
        let _ = write!(key, ":{port}");
    }
    key.push(')');
    push_path(&mut key, url.path());
    if let Some(query) = url.query().filter(|query| !query.is_empty()) {
        push_query(&mut key, query);
    }
    key
}

/// Drops `www.`, `www2.` and the like.
fn without_www(host: &str) -> &str {
    host.strip_prefix("www")
        .and_then(|rest| {
            rest.trim_start_matches(|digit: char| digit.is_ascii_digit())
                .strip_prefix('.')
        })
        .unwrap_or(host)
}

fn push_path(key: &mut String, path: &str) {
    let path = canonical(path);
    let start = key.len();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        key.push('/');
        key.push_str(segment);
    }
    if key.len() == start {
        key.push('/');
    }
}

fn push_query(key: &mut String, query: &str) {
    let query = canonical(query);
    let mut parameters: Vec<(&str, Option<&str>)> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (parameter, None),
        })
        .collect();
    let ends_in_session = parameters
        .last()
        .is_some_and(|&(name, value)| is_session(name, value));
    parameters.retain(|&(name, value)| !is_session(name, value));
    if ends_in_session && !parameters.is_empty() {
        // The `&` before it is left standing by the others, and so counts.
        parameters.push(("", None));
    }
    parameters.sort_unstable();
    for (number, (name, value)) in parameters.into_iter().enumerate() {
        key.push(if number == 0 { '?' } else { '&' });
        key.push_str(name);
        if let Some(value) = value {
            key.push('=');
            key.push_str(value);
        }
    }
}

fn is_session(name: &str, value: Option<&str>) -> bool {
    value.is_some_and(|value| {
        SESSIONS.contains(&(name, value.len()))
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Decodes until nothing is left to decode, escapes what cannot stand in a key, and makes all lower case.
fn canonical(text: &str) -> String {
    let mut bytes = Cow::Borrowed(text.as_bytes());
    while bytes.contains(&b'%') {
        let decoded = percent::decode(&bytes);
        if decoded == *bytes {
            break;
        }
        bytes = Cow::Owned(decoded);
    }
    let mut key = String::with_capacity(bytes.len());
    for &byte in &*bytes {
        if byte.is_ascii_graphic() && !matches!(byte, b'%' | b'#') {
            key.push(char::from(byte.to_ascii_lowercase()));
        } else {
            // Writing to a string does not fail.
            let _ = write!(key, "%{byte:02x}");
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::surt;

    #[test]
    fn keys_are_those_of_other_archives() {
        let cases = [
            ("http://www.Example.org/", "org,example)/"),
            ("https://example.org", "org,example)/"),
            ("https://www2.example.org:443/A/b/", "org,example)/a/b"),
            (
                "http://example.org:8080/x?B=2&a=1",
                "org,example:8080)/x?a=1&b=2",
            ),
            ("http://user:pass@example.org/?", "org,example)/"),
            (
                "http://example.org/a?b&a=&c=%41%20",
                "org,example)/a?a=&b&c=a%20",
            ),
            ("http://127.0.0.1:81/%7Eme//x", "1,0,0,127:81)/~me/x"),
            (
                "http://example.org/?q=1&PHPSESSID=0123456789abcdefghijklmnopqrstuv",
                "org,example)/?&q=1",
            ),
            ("http://example.org/a?x=%2525", "org,example)/a?x=%25"),
            ("http://example.org/%E4%F6/%23", "org,example)/%e4%f6/%23"),
            ("http://example.org/?&a", "org,example)/?&a"),
            ("http://[::1]/x", "::1)/x"),
            ("http://wwwx.example.org/", "org,example,wwwx)/"),
        ];
        for (url, key) in cases {
            assert_eq!(surt(&Url::parse(url).expect(url)), key, "{url}");
        }
    }
}
