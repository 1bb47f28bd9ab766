//! Addresses as people and programs write them: without a scheme, of any scheme, or relative to nothing.

use url::{ParseError, Url};

use super::normalise::{Likeness, Normaliser};

impl Normaliser {
    /// Brings an address to the one spelling that it has here, whatever its scheme; none if it is no address.
    ///
    /// Without a scheme, it is one of `http` to [`Likeness::Basic`], and stays relative to [`Likeness::Form`]. One that
    /// lacks a host where its scheme needs one keeps its path alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use crawler::url::Normaliser;
    ///
    /// let normaliser = Normaliser::default();
    /// assert_eq!(normaliser.text("Example.org//a#b").as_deref(), Some("http://example.org/a"));
    /// assert_eq!(normaliser.text("file:/var//www/").as_deref(), Some("file:/var/www/"));
    /// assert_eq!(normaliser.text("http://[/"), None);
    /// ```
    #[must_use]
    pub fn text(&self, address: &str) -> Option<String> {
        // As every URL parser does.
        let address = address.replace(['\t', '\n', '\r'], "");
        let address = address.trim_matches(|character: char| character <= ' ');
        match Url::parse(address) {
            Ok(url) if url.has_host() => Some(self.apply(with_small_host(url)).into()),
            Ok(url) if url.cannot_be_a_base() => Some(url.into()),
            Ok(url) => Some(self.without_host(&url, address)),
            Err(ParseError::RelativeUrlWithoutBase) => self.without_scheme(address),
            Err(ParseError::EmptyHost) => {
                let (scheme, rest) = address.split_once(':')?;
                let is_empty = rest.bytes().all(|byte| matches!(byte, b'/' | b'\\'));
                is_empty.then(|| format!("{}:/", scheme.to_ascii_lowercase()))
            }
            Err(_) => None,
        }
    }

    /// An address such as `file:/path`, with as many slashes before the path as were written: none or two.
    fn without_host(&self, url: &Url, address: &str) -> String {
        let url = self.apply(url.clone());
        let written = &address[url.scheme().len() + 1..];
        if written.starts_with("//") {
            url.into()
        } else {
            url.as_str().replacen("://", ":", 1)
        }
    }

    fn without_scheme(&self, address: &str) -> Option<String> {
        if self.likeness == Likeness::Basic {
            let url = Url::parse(&format!("http://{address}")).ok()?;
            return Some(self.apply(url).into());
        }
        let reference = address.split('#').next().unwrap_or_default();
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, self.query(query)),
            None => (reference, String::new()),
        };
        let path = if path.is_empty() { "/" } else { path };
        let mark = if query.is_empty() { "" } else { "?" };
        Some(format!("{}{mark}{query}", self.path(path)))
    }
}

/// Spells a host in small letters, which parsers do for the usual schemes only.
fn with_small_host(mut url: Url) -> Url {
    if let Some(host) = url.host_str()
        && host.contains(|character: char| character.is_ascii_uppercase())
    {
        let small = host.to_ascii_lowercase();
        // What was a host is one in small letters, too.
        let _ = url.set_host(Some(&small));
    }
    url
}
