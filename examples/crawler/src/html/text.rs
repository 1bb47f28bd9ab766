//! From the bytes of a page to text.

use std::borrow::Cow;

use memchr::memchr;

use super::scan::is_space;

/// The value of an attribute without white space around it, character references decoded.
pub(super) fn attribute(raw: &[u8]) -> Cow<'_, str> {
    decoded(raw, htmlize::unescape_attribute)
}

/// The text of an element: as [`attribute`], and each run of white space made one space.
pub(super) fn content(raw: &[u8]) -> Cow<'_, str> {
    let text = decoded(raw, htmlize::unescape);
    let neat = !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !text.contains(|character: char| character != ' ' && character.is_ascii_whitespace());
    if neat {
        return text;
    }
    Cow::Owned(text.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
}

fn decoded<'a>(raw: &'a [u8], unescape: impl FnOnce(Cow<'a, str>) -> Cow<'a, str>) -> Cow<'a, str> {
    let raw = trim(raw);
    let text = str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed);
    if memchr(b'&', raw).is_some() {
        unescape(text)
    } else {
        text
    }
}

/// Drops the white space around `text`.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

/// Tells whether `wanted` is one of the words of a list that white space separates, without regard to case.
pub(super) fn has_word(list: &[u8], wanted: &str) -> bool {
    list.split(|&byte| is_space(byte))
        .any(|word| word.eq_ignore_ascii_case(wanted.as_bytes()))
}
