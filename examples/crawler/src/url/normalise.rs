//! One spelling per address, so that a page is crawled once.

use std::borrow::Cow;

use url::Url;

use crate::percent;

/// Brings `url` to its one spelling: [`Normalise::Basic`].
///
/// # Examples
///
/// ```
/// use crawler::url::normalise;
///
/// let url = "http://Example.org:80//a/./%7eb?y=2&x=1#top".parse()?;
/// assert_eq!(normalise(url).as_str(), "http://example.org/a/~b?x=1&y=2");
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn normalise(url: Url) -> Url {
    Normalise::Basic.apply(url)
}

/// How addresses are made comparable.
///
/// The parts that every URL parser settles (case of scheme and host, default ports, dot segments) are settled already.
/// Both ways drop the fragment and give percent-encoding one spelling. Applying one twice changes nothing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalise {
    /// What web servers rarely tell apart is made equal: user name and password, a dot after the host, and repeated
    /// slashes go; so do parameters without a name and the `=` of those without a value; parameters are sorted by name.
    #[default]
    Basic,
    /// The query is read as a form, sorted by name and value, and spelled as browsers submit it (`a space` is
    /// `a+space`, `b` is `b=`); everything else keeps its shape.
    Form,
}

impl Normalise {
    /// Brings `url` to the one spelling that this way of normalising has for it.
    #[must_use]
    pub fn apply(self, mut url: Url) -> Url {
        url.set_fragment(None);
        if self == Self::Basic {
            forget_user(&mut url);
            trim_host(&mut url);
        }
        let path = percent::canonical(url.path().as_bytes(), path_byte);
        let path = match self {
            Self::Basic => single_slashes(path),
            Self::Form => path,
        };
        if path != url.path() {
            let path = path.into_owned();
            url.set_path(&path);
        }
        if let Some(query) = url.query() {
            let spelled = match self {
                Self::Basic => sorted_parameters(query),
                Self::Form => sorted_form(query),
            };
            if spelled != query || spelled.is_empty() {
                url.set_query(Some(spelled.as_str()).filter(|query| !query.is_empty()));
            }
        }
        url
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

fn single_slashes(path: Cow<'_, str>) -> Cow<'_, str> {
    if !path.contains("//") {
        return path;
    }
    let mut single = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    Cow::Owned(single)
}

fn sorted_parameters(query: &str) -> String {
    let query = percent::canonical(query.as_bytes(), query_byte);
    let mut parameters: Vec<&str> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty() && !parameter.starts_with('='))
        .map(|parameter| match parameter.split_once('=') {
            Some((name, "")) => name,
            _ => parameter,
        })
        .collect();
    // Stable: the order of one parameter's values can mean something.
    parameters.sort_by_key(|parameter| parameter.split('=').next());
    parameters.join("&")
}

fn sorted_form(query: &str) -> String {
    let mut fields: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|field| !field.is_empty())
        .map(|field| field.split_once('=').unwrap_or((field, "")))
        .map(|(name, value)| (form_decoded(name), form_decoded(value)))
        .collect();
    fields.sort();
    let mut spelled = String::with_capacity(query.len() + 1);
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
