//! Names and passwords, each for one host alone.

use std::collections::HashMap;
use std::fmt;

use data_encoding::BASE64;
use hyper::header::HeaderValue;
use url::Url;

use super::config::authority;
use crate::percent::escape;

/// What to say to which host when it asks who we are (RFC 7617). The default knows nobody.
#[derive(Clone, Default)]
pub struct Credentials(HashMap<String, HeaderValue>);

impl Credentials {
    /// Takes the user and the password out of `url`, for its host and port; leaves none in it.
    ///
    /// A URL without them changes nothing.
    pub fn take_from(&mut self, url: &mut Url) {
        if let (Some(authority), Some(value)) = (authority(url), basic(url)) {
            self.0.insert(authority, value);
        }
        crate::url::forget_user(url);
    }

    /// Knows a user at a host and port, as `host:port`.
    pub fn add(&mut self, authority: String, user: &str, password: &str) {
        if let Some(value) = value(user.as_bytes(), password.as_bytes()) {
            self.0.insert(authority, value);
        }
    }

    /// What goes into `Authorization` for the host and port of `url`.
    pub(super) fn of(&self, url: &Url) -> Option<&HeaderValue> {
        // Most crawls have none, and need no text made for each request.
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&authority(url)?)
    }
}

/// Only whom they are for.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// The user and the password of `url`, as a header says them; none if it has neither.
pub(super) fn basic(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let user = decoded(url.username());
    let password = decoded(url.password().unwrap_or_default());
    value(&user, &password)
}

fn value(user: &[u8], password: &[u8]) -> Option<HeaderValue> {
    let pair = BASE64.encode(&[user, b":", password].concat());
    let mut value = HeaderValue::try_from(format!("Basic {pair}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = escape(rest).unwrap_or((*first, tail));
        bytes.push(byte);
        rest = tail;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_own() {
        let mut known = Credentials::default();
        let mut url = Url::parse("https://me:p%40ss%20w%C3%B6rd@river.test/a").expect("a URL");
        known.take_from(&mut url);
        assert_eq!(url.as_str(), "https://river.test/a");
        let expected = format!("Basic {}", BASE64.encode("me:p@ss wörd".as_bytes()));
        assert_eq!(known.of(&url).expect("it is known"), &*expected);
        known.take_from(&mut url);
        assert!(known.of(&url).is_some(), "nothing to take changes nothing");
        for other in [
            "http://river.test/",
            "https://river.test:8443/",
            "https://www.river.test/",
        ] {
            assert!(known.of(&Url::parse(other).expect("a URL")).is_none());
        }
        assert_eq!(format!("{known:?}"), "{\"river.test:443\"}");
    }
}
