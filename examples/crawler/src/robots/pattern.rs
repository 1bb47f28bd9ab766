//! The paths that a rule is about.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;

use super::dialect::Dialect;

/// The path of an `Allow` or `Disallow` line: the beginning of a URL's path and query, where `*` stands for any
/// characters and a `$` at the end for the end.
///
/// How text is spelled before it is compared is a matter of [`Dialect`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern<'a> {
    /// As it is compared; a `*` can only be a wildcard.
    pub(super) text: Cow<'a, str>,
    pub(super) to_the_end: bool,
}

impl<'a> Pattern<'a> {
    /// Reads a pattern in the sense of `dialect`; none where it is empty, for then it matches nothing.
    #[must_use]
    pub fn parse(dialect: Dialect, value: &'a [u8]) -> Option<Self> {
        let (value, to_the_end) = match value {
            [] => return None,
            [value @ .., b'$'] => (value, true),
            _ => (value, false),
        };
        let mut segments = value.split(|&byte| byte == b'*');
        let mut text = dialect.rule(segments.next().unwrap_or_default());
        for segment in segments {
            let text = text.to_mut();
            text.push('*');
            text.push_str(&dialect.rule(segment));
        }
        Some(Self { text, to_the_end })
    }

    /// Tells whether the pattern matches a path and query, spelled by the same dialect.
    ///
    /// Takes each segment between wildcards at its first occurrence, so the time is linear whatever the pattern.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut segments = self.text.split('*').map(str::as_bytes);
        let first = segments.next().unwrap_or_default();
        let Some(mut rest) = path.as_bytes().strip_prefix(first) else {
            return false;
        };
        let Some(last) = segments.next_back() else {
            return !self.to_the_end || rest.is_empty();
        };
        for segment in segments {
            let Some(tail) = after(rest, segment) else {
                return false;
            };
            rest = tail;
        }
        if self.to_the_end {
            rest.ends_with(last)
        } else {
            after(rest, last).is_some()
        }
    }
}

/// What follows the first occurrence of `segment`. What comes before is never looked at again.
fn after<'a>(text: &'a [u8], segment: &[u8]) -> Option<&'a [u8]> {
    let found = memmem::find(text, segment).map(|at| &text[at + segment.len()..]);
    #[cfg(test)]
    tests::count(text.len() - found.map_or(0, <[u8]>::len));
    found
}

impl fmt::Display for Pattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str(if self.to_the_end { "$" } else { "" })
    }
}

/// The path and query of an address as people write it, with or without a scheme or a host before it.
///
/// # Examples
///
/// ```
/// use crawler::robots::path_and_query;
///
/// assert_eq!(path_and_query("https://example.org/a?b#c"), "/a?b");
/// assert_eq!(path_and_query("example.org"), "/");
/// ```
#[must_use]
pub fn path_and_query(address: &str) -> Cow<'_, str> {
    let address = address.split('#').next().unwrap_or(address);
    let after_scheme = address
        .split_once("//")
        .filter(|(scheme, _)| {
            scheme.is_empty() || (scheme.ends_with(':') && !scheme.contains(['/', '?']))
        })
        .map_or(address, |(_, rest)| rest);
    match after_scheme
        .find(['/', '?'])
        .map(|start| &after_scheme[start..])
    {
        Some(path) if path.starts_with('/') => Cow::Borrowed(path),
        Some(query) => Cow::Owned(format!("/{query}")),
        None => Cow::Borrowed("/"),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Pattern;
    use crate::robots::Dialect;

    thread_local! {
        static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    }

    /// Notes that so many bytes of a path were looked at.
    pub(super) fn count(bytes: usize) {
        LOOKED_AT.set(LOOKED_AT.get() + bytes);
    }

    #[test]
    fn no_byte_of_a_path_is_looked_at_twice() {
        let path = format!("/{}", "a".repeat(4095));
        for stars in [1, 60, 5000] {
            for text in [
                format!("/{}b", "*a".repeat(stars)),
                format!("/{}b$", "*a".repeat(stars)),
                format!("/{}b", "*ab".repeat(stars)),
                format!("/{}", "a*".repeat(stars)),
            ] {
                let pattern = Pattern::parse(Dialect::Rfc9309, text.as_bytes()).expect("not empty");
                LOOKED_AT.set(0);
                let _ = pattern.matches(&path);
                assert!(
                    LOOKED_AT.get() <= path.len(),
                    "{stars} stars: {}",
                    LOOKED_AT.get()
                );
            }
        }
    }
}
