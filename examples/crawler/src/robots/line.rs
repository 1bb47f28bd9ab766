//! The lines of a `robots.txt`.

use std::iter;

use memchr::{memchr, memchr2};

/// A line beyond this many bytes is cut: no URL that a rule could match is longer.
const LONGEST_LINE: usize = 16 * 1024;

/// What one line says. Values are bytes as they stand in the file, without white space around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive<'a> {
    /// Names a crawler that the rules below are for.
    UserAgent(&'a [u8]),
    /// Paths that may be fetched.
    Allow(&'a [u8]),
    /// Paths that may not be fetched.
    Disallow(&'a [u8]),
    /// The pause between two requests, in seconds.
    CrawlDelay(&'a [u8]),
    /// Where a sitemap lies.
    Sitemap(&'a [u8]),
    /// A line with a key, given here, that is none of these.
    Unknown(&'a [u8]),
}

/// Reads a `robots.txt` line by line: the number of each line that says something, from 1, and what it says.
pub fn directives(robots: &[u8]) -> impl Iterator<Item = (usize, Directive<'_>)> {
    let mut rest = without_mark(robots);
    let lines = iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        rest = match tail {
            [b'\r', b'\n', tail @ ..] | [_, tail @ ..] => tail,
            [] => tail,
        };
        Some(line)
    });
    (1..)
        .zip(lines)
        .filter_map(|(number, line)| Some((number, directive(line)?)))
}

/// Drops a byte order mark, or as much of one as some editor has left.
fn without_mark(robots: &[u8]) -> &[u8] {
    match robots {
        [0xEF, 0xBB, 0xBF, rest @ ..] | [0xEF, 0xBB, rest @ ..] | [0xEF, rest @ ..] => rest,
        _ => robots,
    }
}

fn directive(line: &[u8]) -> Option<Directive<'_>> {
    let line = &line[..line.len().min(LONGEST_LINE)];
    let line = &line[..memchr(b'#', line).unwrap_or(line.len())];
    let (key, value) = key_and_value(line.trim_ascii())?;
    let is = |names: &[&str]| {
        names
            .iter()
            .any(|name| key.eq_ignore_ascii_case(name.as_bytes()))
    };
    Some(if is(&["user-agent", "useragent", "user agent"]) {
        Directive::UserAgent(value)
    } else if is(&["allow"]) {
        Directive::Allow(value)
    } else if is(&[
        "disallow",
        "dissallow",
        "dissalow",
        "disalow",
        "diasllow",
        "disallaw",
    ]) {
        // A slip of the pen does not invite anyone in.
        Directive::Disallow(value)
    } else if is(&["crawl-delay"]) {
        Directive::CrawlDelay(value)
    } else if is(&["sitemap", "site-map"]) {
        Directive::Sitemap(value)
    } else {
        Directive::Unknown(key)
    })
}

/// Splits a line at its colon or, where that was forgotten, at the one gap between two words.
fn key_and_value(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, value) = if let Some(colon) = memchr(b':', line) {
        (
            line[..colon].trim_ascii_end(),
            line[colon + 1..].trim_ascii_start(),
        )
    } else {
        let gap = line.iter().position(u8::is_ascii_whitespace)?;
        let value = line[gap..].trim_ascii_start();
        if value.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        (&line[..gap], value)
    };
    (!key.is_empty()).then_some((key, value))
}
