//! From an `href` to an absolute address.

use encoding_rs::{Encoding, UTF_8};
use url::{EncodingOverride, ParseError, Position, Url};

/// What stands in for `xn--` where a parser refuses that. It is as long, and means nothing.
const STAND_IN: &str = "zz--";

/// Resolves an `href` as a browser does (WHATWG), and keeps what a crawler can fetch: `http` and `https`.
///
/// White space around `href`, and tabs and line ends within, are dropped. None where there is no valid URL, or one of
/// another scheme (`mailto:`, `javascript:`). A fragment is kept; [`normalise`](super::normalise) drops it.
///
/// # Examples
///
/// ```
/// use crawler::url::resolve;
///
/// let base = "https://example.org/a/b.html".parse()?;
/// assert_eq!(resolve(&base, " ../c?d=1 ").unwrap().as_str(), "https://example.org/c?d=1");
/// assert_eq!(resolve(&base, "mailto:me@example.org"), None);
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn resolve(base: &Url, href: &str) -> Option<Url> {
    resolve_in(base, href, UTF_8)
}

/// Resolves an `href` of a page that was written in `encoding`.
///
/// The query of a URL is the one part of it that browsers encode as the page is, so `?q=é` on a Latin-1 page asks for
/// `?q=%E9`. With UTF-8 this is [`resolve`].
#[must_use]
pub fn resolve_in(base: &Url, href: &str, encoding: &'static Encoding) -> Option<Url> {
    parse(base, href, encoding)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Resolves an `href` as a browser does to the text of an address, also where a crawler cannot fetch that: one of another
/// scheme, or with a name that only looks like Punycode, which browsers let pass and nobody can register.
///
/// # Examples
///
/// ```
/// use crawler::url::resolve_text;
///
/// let base = "https://example.org/a/".parse()?;
/// assert_eq!(resolve_text(&base, "mailto:me@example.org").as_deref(), Some("mailto:me@example.org"));
/// assert_eq!(resolve_text(&base, "//XN--x/b").as_deref(), Some("https://xn--x/b"));
/// assert_eq!(resolve_text(&base, "http://["), None);
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn resolve_text(base: &Url, href: &str) -> Option<String> {
    match parse(base, href, UTF_8) {
        Ok(url) => Some(url.into()),
        Err(ParseError::IdnaError) => with_lax_name(base, href),
        Err(_) => None,
    }
}

fn parse(base: &Url, href: &str, encoding: &'static Encoding) -> Result<Url, ParseError> {
    let encode: EncodingOverride<'_> = Some(&|query| encoding.encode(query).0);
    let parser = Url::options()
        .base_url(Some(base))
        .encoding_override(encode.filter(|_| encoding.output_encoding() != UTF_8));
    parser
        .parse(within_site(base, href))
        .or_else(|error| parser.parse(&two_slashes(href).ok_or(error)?))
}

/// Leaves scheme and host out of an address of the site of `base`: they take most of the time to parse.
fn within_site<'a>(base: &Url, href: &'a str) -> &'a str {
    let path = href
        .strip_prefix(&base[..Position::BeforePath])
        .filter(|_| matches!(base.scheme(), "http" | "https"));
    match path.map(str::as_bytes) {
        // Without the host, two slashes would begin another, and a parser ignores what may stand between them.
        Some([b'/', b'/' | b'\\' | b'\t' | b'\n' | b'\r', ..]) => href,
        Some([b'/', ..]) => path.unwrap_or(href),
        _ => href,
    }
}

/// Resolves an `href` with a host in ASCII that is not valid Punycode, by a stand-in for that.
fn with_lax_name(base: &Url, href: &str) -> Option<String> {
    let start = href.find("//")? + 2;
    let end = href[start..]
        .find(['/', '\\', '?', '#'])
        .map_or(href.len(), |length| start + length);
    let authority = href[start..end].to_ascii_lowercase();
    if !authority.is_ascii() || authority.contains(STAND_IN) {
        return None;
    }
    let parsable = authority.replace("xn--", STAND_IN);
    let href = format!("{}{parsable}{}", &href[..start], &href[end..]);
    let url = parse(base, &href, UTF_8).ok()?;
    let host = url.host_str()?;
    Some(
        url.as_str()
            .replacen(host, &host.replace(STAND_IN, "xn--"), 1),
    )
}

/// Rewrites an address that begins with more than two slashes, of which browsers ignore all but two.
fn two_slashes(href: &str) -> Option<String> {
    // A parser ignores tabs and line ends anywhere.
    let href = href.replace(['\t', '\n', '\r'], "");
    let start = href.trim_start_matches(|character: char| character <= ' ');
    let host = start.trim_start_matches(['/', '\\']);
    (start.len() > host.len() + 2).then(|| format!("//{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_site_itself_is_parsed_as_any_other() {
        for site in [
            "http://river.test",
            "https://me@river.test:81",
            "http://127.0.0.1:80",
        ] {
            let base: Url = format!("{site}/a/b?c").parse().expect("a URL");
            for path in [
                "",
                "/",
                "/x/../y?z#f",
                "//x/y",
                "/\\x",
                "/\t/x/y",
                "/\n\r//x",
                "/ /x",
                "?q",
                "#f",
                "x",
                ":82/x",
                "@x/y",
                "/é?é",
                "/%2e%2e/x ",
                "/c:/x",
            ] {
                let href = format!("{site}{path}");
                let expected = Url::parse(&href).map(String::from);
                let found = resolve(&base, &href).map(String::from);
                assert_eq!(found, expected.ok(), "{href:?}");
            }
        }
    }
}
