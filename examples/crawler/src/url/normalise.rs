//! One spelling per address, so that a page is crawled once.

use std::borrow::Cow;

use url::Url;

use super::session;
use crate::percent;

/// Brings `url` to its one spelling, as [`Normaliser::default`] does.
///
/// # Examples
///
/// ```
/// use crawler::url::normalise;
///
/// let url = "http://Example.org:80//a/./%7eb?y=2&x=#top".parse()?;
/// assert_eq!(normalise(url).as_str(), "http://example.org/a/~b?y=2&x");
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn normalise(url: Url) -> Url {
    Normaliser::default().apply(url)
}

/// What counts as the same address, besides what every URL parser settles (case of scheme and host, default ports, dot
/// segments).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Likeness {
    /// What web servers rarely tell apart is made equal: user name and password, a dot after the host, and repeated
    /// slashes go; so do parameters without a name and the `=` of those without a value.
    #[default]
    Basic,
    /// The query is read as a form, sorted by name and value, and spelled as browsers submit it (`a space` is
    /// `a+space`, `b` is `b=`); everything else keeps its shape.
    Form,
}

/// Makes addresses comparable: drops the fragment, gives percent-encoding one spelling, and does what its fields ask for.
///
/// Applying one twice changes nothing more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Normaliser {
    /// What counts as the same.
    pub likeness: Likeness,
    /// Whether parameters are sorted by name. The values of one name keep their order, which can mean something; a
    /// [`Form`](Likeness::Form) is sorted anyway.
    pub sort_query: bool,
    /// Parameters that do not count, whatever the case of their names.
    pub stripped_parameters: Vec<String>,
    /// Whether the identifiers of sessions do not count, in the query and in the path.
    pub strip_session_ids: bool,
}

impl Normaliser {
    /// Brings `url` to the one spelling that it has here.
    #[must_use]
    pub fn apply(&self, mut url: Url) -> Url {
        url.set_fragment(None);
        if self.likeness == Likeness::Basic {
            forget_user(&mut url);
            trim_host(&mut url);
        }
        let path = self.path(url.path());
        if path != url.path() {
            let path = path.into_owned();
            url.set_path(&path);
        }
        if let Some(query) = url.query() {
            let spelled = self.query(query);
            if spelled != query || spelled.is_empty() {
                url.set_query(Some(spelled.as_str()).filter(|query| !query.is_empty()));
            }
        }
        url
    }

    pub(super) fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let path = if self.strip_session_ids {
            session::without_id(path)
        } else {
            Cow::Borrowed(path)
        };
        match self.likeness {
            Likeness::Basic => on_cow(on_cow(path, canonical_path), single_slashes),
            Likeness::Form => on_cow(path, unescaped_path),
        }
    }

    pub(super) fn query(&self, query: &str) -> String {
        let counts =
            |parameter: &&str| self.counts(parameter.split('=').next().unwrap_or_default());
        match self.likeness {
            Likeness::Basic => {
                let query = percent::canonical(query.as_bytes(), query_byte);
                let mut parameters: Vec<&str> = query
                    .split('&')
                    .filter(|parameter| !parameter.is_empty() && !parameter.starts_with('='))
                    .filter(counts)
                    .map(|parameter| match parameter.split_once('=') {
                        Some((name, "")) => name,
                        _ => parameter,
                    })
                    .collect();
                if self.sort_query {
                    parameters.sort_by_key(|parameter| parameter.split('=').next());
                }
                parameters.join("&")
            }
            Likeness::Form => sorted_form(query.split('&').filter(counts)),
        }
    }

    /// Tells whether a parameter makes a difference.
    fn counts(&self, name: &str) -> bool {
        let is_name = |known: &String| known.eq_ignore_ascii_case(name);
        let is_session = self.strip_session_ids && session::is_parameter(name);
        !is_session && !self.stripped_parameters.iter().any(is_name)
    }
}

/// Applies `change` without copying what was not copied before and is not changed.
fn on_cow(text: Cow<'_, str>, change: impl Fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => change(text),
        Cow::Owned(text) => Cow::Owned(change(&text).into_owned()),
    }
}

/// Drops user name and password; a URL with a host always lets them go.
pub(crate) fn forget_user(url: &mut Url) {
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
}

/// Drops the dot that makes a host name absolute: it names the same host.
fn trim_host(url: &mut Url) {
    if let Some(host) = url.host_str().and_then(|host| host.strip_suffix('.'))
        && !host.is_empty()
        && !host.ends_with('.')
    {
        let host = host.to_owned();
        // A host that is valid with the dot may not be without it; then it keeps the dot.
        let _ = url.set_host(Some(&host));
    }
}

fn canonical_path(path: &str) -> Cow<'_, str> {
    percent::canonical(path.as_bytes(), path_byte)
}

/// Decodes also the escapes of characters that mean the same without them in any path; a slash does not.
fn unescaped_path(path: &str) -> Cow<'_, str> {
    let mut rest = path.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let [first, tail @ ..] = rest {
        let escaped = percent::escape(rest).filter(|(byte, _)| *byte != b'/' && path_byte(*byte));
        let (byte, tail) = escaped.unwrap_or((*first, tail));
        decoded.push(byte);
        rest = tail;
    }
    Cow::Owned(percent::canonical(&decoded, path_byte).into_owned())
}

fn single_slashes(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut single = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    Cow::Owned(single)
}

fn sorted_form<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let mut fields: Vec<(Vec<u8>, Vec<u8>)> = fields
        .filter(|field| !field.is_empty())
        .map(|field| field.split_once('=').unwrap_or((field, "")))
        .map(|(name, value)| (form_decoded(name), form_decoded(value)))
        .collect();
    fields.sort();
    let mut spelled = String::new();
    for (name, value) in fields {
        if !spelled.is_empty() {
            spelled.push('&');
        }
        push_form_encoded(&mut spelled, &name);
        spelled.push('=');
        push_form_encoded(&mut spelled, &value);
    }
    spelled
}

fn form_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) =
            percent::escape(rest).unwrap_or((if *first == b'+' { b' ' } else { *first }, tail));
        decoded.push(byte);
        rest = tail;
    }
    decoded
}

fn push_form_encoded(spelled: &mut String, text: &[u8]) {
    for &byte in text {
        if byte == b' ' {
            spelled.push('+');
        } else if percent::unreserved(byte) {
            spelled.push(char::from(byte));
        } else {
            percent::push_escaped(spelled, byte);
        }
    }
}

/// The reserved characters of RFC 3986 that may stand in a path as they are.
fn path_byte(byte: u8) -> bool {
    matches!(
        byte,
        b'/' | b':'
            | b'@'
            | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
    )
}

/// Those of a query. A URL parser escapes the apostrophe there.
fn query_byte(byte: u8) -> bool {
    byte == b'?' || (byte != b'\'' && path_byte(byte))
}
