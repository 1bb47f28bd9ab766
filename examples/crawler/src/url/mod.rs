//! Addresses: from an `href` to an absolute URL, to the one spelling of it, to whether it is in scope.

mod media;
mod normalise;
mod scope;

use encoding_rs::{Encoding, UTF_8};
use url::{EncodingOverride, Url};

pub use self::media::is_media;
pub(crate) use self::normalise::forget_user;
pub use self::normalise::{Normalise, normalise};
pub use self::scope::{Bounds, Scope};

/// The longest URL that is followed, in bytes. Longer ones are traps or mistakes; and a page with a long base and many
/// short links would take up far more memory than it has bytes.
pub const LONGEST: usize = 2048;

/// Resolves an `href` as a browser does (WHATWG), and keeps what a crawler can fetch: `http` and `https`.
///
/// White space around `href`, and tabs and line ends within, are dropped. None where there is no valid URL, or one of
/// another scheme (`mailto:`, `javascript:`). A fragment is kept; [`normalise`] drops it.
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
    let encode: EncodingOverride<'_> = Some(&|query| encoding.encode(query).0);
    let parser = Url::options()
        .base_url(Some(base))
        .encoding_override(encode.filter(|_| encoding.output_encoding() != UTF_8));
    parser
        .parse(href)
        .or_else(|error| parser.parse(&two_slashes(href).ok_or(error)?))
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Rewrites an address that begins with more than two slashes, of which browsers ignore all but two.
fn two_slashes(href: &str) -> Option<String> {
    // A parser ignores tabs and line ends anywhere.
    let href = href.replace(['\t', '\n', '\r'], "");
    let start = href.trim_start_matches(|character: char| character <= ' ');
    let host = start.trim_start_matches(['/', '\\']);
    (start.len() > host.len() + 2).then(|| format!("//{host}"))
}
