//! Which encoding a page is in, and out of it where that is not UTF-8.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use super::meta::Meta;
use super::scan::{Scanner, Tag};
use super::text::trim;

/// How far into a page a declaration of its encoding may stand, in bytes.
const PRESCAN: usize = 1024;

/// How much of a page is looked at to guess its encoding, in bytes: with so much, a guess is as good as it gets.
const GUESSED: usize = 64 * 1024;

/// A page that [`extract`](super::extract) can read.
#[derive(Clone, Debug)]
pub struct Decoded<'a> {
    /// The page, in UTF-8 or something so near to it that the links are the same.
    pub html: Cow<'a, [u8]>,
    /// What the page was written in; [`resolve_in`](crate::url::resolve_in) needs to know.
    pub encoding: &'static Encoding,
}

/// Finds out which encoding a page is in, and brings it to UTF-8 where it is not, by copying it.
///
/// A byte order mark decides, else the `charset` of the `Content-Type` header, else what the page says itself within
/// its first 1024 bytes. Where nothing is said, it is UTF-8 if the bytes are valid as such, and what they look
/// most like if not.
///
/// # Examples
///
/// ```
/// use crawler::html::decode;
///
/// let page = decode(b"<a href=\"/caf\xE9\">", Some("text/html; charset=ISO-8859-1"));
/// assert_eq!(*page.html, *"<a href=\"/café\">".as_bytes());
/// ```
#[must_use]
pub fn decode<'a>(html: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    let (encoding, html) = match Encoding::for_bom(html) {
        Some((encoding, mark)) => (encoding, &html[mark..]),
        None => (
            declared(html, content_type).unwrap_or_else(|| guessed(html)),
            html,
        ),
    };
    let readable = encoding == UTF_8 || (encoding.is_ascii_compatible() && html.is_ascii());
    let html = if readable {
        Cow::Borrowed(html)
    } else {
        Cow::Owned(
            encoding
                .decode_without_bom_handling(html)
                .0
                .into_owned()
                .into_bytes(),
        )
    };
    Decoded { html, encoding }
}

fn declared(html: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    content_type
        .and_then(|content_type| of_content_type(content_type.as_bytes()))
        .or_else(|| prescan(&html[..html.len().min(PRESCAN)]))
}

fn prescan(start: &[u8]) -> Option<&'static Encoding> {
    let mut tags = Scanner::new(start);
    while let Some(tag) = tags.next_tag() {
        if tag == Tag::Meta
            && let Some(encoding) = Meta::read(&mut tags).and_then(|meta| meta.charset())
        {
            return Some(encoding);
        }
    }
    None
}

fn guessed(html: &[u8]) -> &'static Encoding {
    if str::from_utf8(html).is_ok() {
        UTF_8
    } else {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&html[..html.len().min(GUESSED)], true);
        detector.guess(None, Utf8Detection::Deny)
    }
}

/// The encoding of the `charset` in a `Content-Type`.
pub(super) fn of_content_type(content_type: &[u8]) -> Option<&'static Encoding> {
    let mut rest = content_type;
    while let Some(at) = rest
        .windows(7)
        .position(|word| word.eq_ignore_ascii_case(b"charset"))
    {
        rest = &rest[at + 7..];
        let [b'=', value @ ..] = trim(rest) else {
            continue;
        };
        let value = trim(value);
        let label = match value {
            [quote @ (b'"' | b'\''), quoted @ ..] => quoted.split(|byte| byte == quote).next(),
            _ => value
                .split(|&byte| byte == b';' || byte.is_ascii_whitespace())
                .next(),
        };
        return label.and_then(Encoding::for_label);
    }
    None
}
