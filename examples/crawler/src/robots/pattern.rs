//! The paths that a rule is about.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;

use super::dialect::Dialect;

/// The path of an `Allow` or `Disallow` line: the beginning of a URL's path and query, where `*` stands for any
/// characters and a `$` at the end for the end.
/// How text is spelled before it is compared is a matter of [`Dialect`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// As it is compared; a `*` can only be a wildcard.
    text: Box<str>,
    to_the_end: bool,
}

impl Pattern {
    /// Reads a pattern in the sense of `dialect`; none where it is empty, for then it matches nothing.
    #[must_use]
    pub fn parse(dialect: Dialect, value: &[u8]) -> Option<Self> {
        let (value, to_the_end) = match value {
            [] => return None,
            [value @ .., b'$'] => (value, true),
            _ => (value, false),
        };
        let segments: Vec<_> = value
            .split(|&byte| byte == b'*')
            .map(|segment| dialect.rule(segment))
            .collect();
        Some(Self {
            text: segments.join("*").into(),
            to_the_end,
        })
    }

    /// How much the pattern says; of the patterns that match, the one that says most decides.
    pub(super) fn weight(&self) -> usize {
        self.text.len() + usize::from(self.to_the_end)
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
            let Some(at) = memmem::find(rest, segment) else {
                return false;
            };
            rest = &rest[at + segment.len()..];
        }
        if self.to_the_end {
            rest.ends_with(last)
        } else {
            memmem::find(rest, last).is_some()
        }
    }
}

impl fmt::Display for Pattern {
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
