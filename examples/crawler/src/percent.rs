//! One spelling for percent-encoded text, so that equal addresses compare equal.

use std::borrow::Cow;

/// Spells `text` in the one canonical way: letters, digits and `-._~` stand for themselves, so do the bytes that
/// `keep` accepts, and everything else is escaped with upper-case digits, a stray `%` too.
///
/// `keep` must refuse `%` and all that is not ASCII; the result is ASCII, and canonical again.
pub(crate) fn canonical(text: &[u8], keep: fn(u8) -> bool) -> Cow<'_, str> {
    let plain = |&byte: &u8| unreserved(byte) || keep(byte);
    if text.iter().all(plain)
        && let Ok(text) = str::from_utf8(text)
    {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        if let Some((byte, tail)) = escape(rest) {
            if unreserved(byte) {
                spelled.push(char::from(byte));
            } else {
                push_escaped(&mut spelled, byte);
            }
            rest = tail;
        } else {
            if plain(first) {
                spelled.push(char::from(*first));
            } else {
                push_escaped(&mut spelled, *first);
            }
            rest = tail;
        }
    }
    Cow::Owned(spelled)
}

/// Decodes each `%XX` of `text`, once.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let (byte, tail) = escape(rest).unwrap_or((*first, tail));
        decoded.push(byte);
        rest = tail;
    }
    decoded
}

/// Splits a leading `%XX` off `text`: the byte that it stands for, and what follows.
pub(crate) fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, tail @ ..] = text else {
        return None;
    };
    Some((digit(*high)? << 4 | digit(*low)?, tail))
}

/// Appends `%XX`.
pub(crate) fn push_escaped(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// Tells whether RFC 3986 lets `byte` stand for itself everywhere.
pub(crate) fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
