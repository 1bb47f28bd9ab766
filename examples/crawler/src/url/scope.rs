//! How far a crawl may wander from its seeds.

use std::collections::HashSet;

use url::{Host, Url};

/// How far a crawl may wander from its seeds; from narrow to wide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The folder of a seed and all below it, on the seed's host.
    Prefix,
    /// A seed's host and port; `http` and `https` count as one, each on its default port.
    #[default]
    Host,
    /// A seed's registrable domain by the public suffix list (`example.co.uk`) with all its hosts; of an IP address,
    /// that address alone. Any port.
    Domain,
    /// Everywhere.
    Any,
}

impl Scope {
    /// Draws the bounds of this scope around `seeds`.
    ///
    /// # Examples
    ///
    /// ```
    /// use crawler::url::Scope;
    ///
    /// let bounds = Scope::Domain.around(&["https://www.example.co.uk/".parse()?]);
    /// assert!(bounds.contains(&"http://blog.example.co.uk/post".parse()?));
    /// assert!(!bounds.contains(&"http://other.co.uk/".parse()?));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn around(self, seeds: &[Url]) -> Bounds {
        match self {
            Self::Prefix => Bounds(Reach::Folders(
                seeds
                    .iter()
                    .map(|seed| (authority(seed), folder(seed)))
                    .collect(),
            )),
            Self::Host => Bounds(Reach::Authorities(seeds.iter().map(authority).collect())),
            Self::Domain => Bounds(Reach::Domains(
                seeds.iter().filter_map(domain).map(str::to_owned).collect(),
            )),
            Self::Any => Bounds(Reach::Everywhere),
        }
    }
}

/// The bounds of a [`Scope`] around its seeds. Asking costs the same however many seeds there are, except for
/// [`Scope::Prefix`], which looks at each.
#[derive(Clone, Debug)]
pub struct Bounds(Reach);

#[derive(Clone, Debug)]
enum Reach {
    Folders(Vec<(Authority, String)>),
    Authorities(HashSet<Authority>),
    Domains(HashSet<String>),
    Everywhere,
}

type Authority = (Option<Host<String>>, Option<u16>);

impl Bounds {
    /// Tells whether `url` lies within.
    #[must_use]
    pub fn contains(&self, url: &Url) -> bool {
        match &self.0 {
            Reach::Folders(folders) => {
                let authority = authority(url);
                folders.iter().any(|(seed, folder)| {
                    *seed == authority && url.path().starts_with(folder.as_str())
                })
            }
            Reach::Authorities(authorities) => authorities.contains(&authority(url)),
            Reach::Domains(domains) => domain(url).is_some_and(|domain| domains.contains(domain)),
            Reach::Everywhere => true,
        }
    }

    /// Tells whether a page on the host of `url` could lie within: that host is one of the crawl's.
    #[must_use]
    pub fn reaches(&self, url: &Url) -> bool {
        match &self.0 {
            Reach::Folders(folders) => {
                let authority = authority(url);
                folders.iter().any(|(seed, _)| *seed == authority)
            }
            _ => self.contains(url),
        }
    }
}

/// The host, and the port where it is not the scheme's own.
fn authority(url: &Url) -> Authority {
    let host = url.host().map(|host| host.to_owned());
    (host, url.port())
}

/// The path up to its last slash.
fn folder(url: &Url) -> String {
    let path = url.path();
    path[..path.rfind('/').map_or(0, |slash| slash + 1)].to_owned()
}

/// The registrable domain; of an IP address, a public suffix or a local name, the host itself.
fn domain(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    if let Some(Host::Domain(name)) = url.host()
        && let Some(domain) = psl::domain_str(name)
    {
        return Some(domain);
    }
    Some(host)
}
