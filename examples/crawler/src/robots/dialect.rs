//! How a `robots.txt` is meant, where people differ.

use std::borrow::Cow;

use crate::percent;

/// How a `robots.txt` is meant, where RFC 9309 and the crawler of Google differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// As RFC 9309 says: percent-encoding is brought to one spelling on both sides, so `/a%7Eb`, `/a~b`, `/%C3%A9` and
    /// `/é` match what they mean.
    #[default]
    Rfc9309,
    /// As Google's parser does: paths are compared as they stand, but for letters outside of ASCII and small letters in
    /// escapes, which are spelled anew in rules alone; and who may read an index page may read its folder.
    Google,
}

impl Dialect {
    /// Spells a piece of a rule between two wildcards as it is compared.
    pub(super) fn rule(self, text: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Rfc9309 => canonical(text),
            Self::Google => escaped(text),
        }
    }

    /// Spells the path of a URL as it is compared.
    pub(super) fn path(self, path: &str) -> Cow<'_, str> {
        match self {
            Self::Rfc9309 => canonical(path.as_bytes()),
            Self::Google => Cow::Borrowed(path),
        }
    }
}

/// Only the wildcards of a rule are bare.
fn canonical(path: &[u8]) -> Cow<'_, str> {
    percent::canonical(path, |byte| {
        // A query parser escapes apostrophes and a path parser does not; escaped, both agree.
        matches!(
            byte,
            b'/' | b':' | b'?' | b'@' | b'!' | b'&' | b'(' | b')' | b'+' | b',' | b';' | b'='
        )
    })
}

fn escaped(text: &[u8]) -> Cow<'_, str> {
    let mut spelled = String::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        if let Some((byte, tail)) = percent::escape(rest) {
            percent::push_escaped(&mut spelled, byte);
            rest = tail;
        } else {
            if first.is_ascii() {
                spelled.push(char::from(*first));
            } else {
                percent::push_escaped(&mut spelled, *first);
            }
            rest = tail;
        }
    }
    Cow::Owned(spelled)
}
