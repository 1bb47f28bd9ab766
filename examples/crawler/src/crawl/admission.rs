//! Whether a URL that was found becomes a visit.

use std::sync::Arc;

use url::Url;

use super::rejection::Rejection;
use super::seen::Seen;
use super::site::Sites;
use super::visit::Visit;
use crate::args::Args;
use crate::url::{Bounds, LONGEST, Scope, forget_user, is_media, normalise};

/// Decides which URLs are visited, each once. It owns what is known of URLs and sites.
#[derive(Debug)]
pub(super) struct Admission {
    args: Args,
    bounds: Bounds,
    deepest: u32,
    seen: Seen,
    sites: Sites,
}

impl Admission {
    pub(super) fn new(args: &Args) -> Self {
        Self {
            bounds: Scope::from(args.what.scope).around(&args.urls),
            deepest: args.what.max_depth.unwrap_or(u32::MAX),
            seen: Seen::default(),
            sites: Sites::new(),
            args: args.clone(),
        }
    }

    /// Tells whether the text of a URL is, in this spelling, that of one that is known.
    pub(super) fn knows(&self, url: &str) -> bool {
        self.seen.contains(url)
    }

    /// Tells whether the scope of the crawl includes `url`.
    pub(super) fn is_in_scope(&self, url: &Url) -> bool {
        self.bounds.contains(url)
    }

    /// Makes a visit of a URL that was given, which is wanted wherever it lies; none if it was given twice.
    pub(super) fn seed(&mut self, mut url: Url) -> Option<Visit> {
        make_bare(&mut url);
        let is_new = self.seen.insert(normalise(url.clone()).as_str());
        is_new.then(|| self.visit(url, 0, None))
    }

    /// Makes a visit of a URL that was found at `referrer`; none if it is known already.
    ///
    /// # Errors
    ///
    /// Why the URL is not wanted. It stays unknown, since it may be wanted where it is found another time.
    pub(super) fn admit(
        &mut self,
        mut url: Url,
        depth: u32,
        referrer: &Arc<str>,
    ) -> Result<Option<Visit>, Rejection> {
        make_bare(&mut url);
        self.is_wanted(&url)?;
        let spelled = normalise(url.clone());
        if self.seen.contains(spelled.as_str()) {
            return Ok(None);
        }
        if depth > self.deepest {
            return Err(Rejection::TooDeep);
        }
        self.seen.insert(spelled.as_str());
        Ok(Some(self.visit(url, depth, Some(referrer.clone()))))
    }

    /// Makes a visit of another spelling of the URL of `visit`, to which its server has redirected.
    pub(super) fn respell(&mut self, mut url: Url, visit: &Visit, referrer: Arc<str>) -> Visit {
        make_bare(&mut url);
        Visit {
            respelled: visit.respelled + 1,
            ..self.visit(url, visit.depth, Some(referrer))
        }
    }

    /// What can be told from the URL alone.
    fn is_wanted(&self, url: &Url) -> Result<(), Rejection> {
        if url.as_str().len() > LONGEST {
            Err(Rejection::TooLong)
        } else if !self.bounds.contains(url) {
            Err(Rejection::OutOfScope)
        } else if is_media(url) {
            Err(Rejection::Media)
        } else {
            Ok(())
        }
    }

    fn visit(&mut self, url: Url, depth: u32, referrer: Option<Arc<str>>) -> Visit {
        Visit {
            site: self.sites.of(&url, |url| self.args.speed.manner_for(url)),
            url,
            depth,
            referrer,
            respelled: 0,
        }
    }
}

/// Leaves what a request says: no fragment, and no user, under whose name each link could make a site of its own.
fn make_bare(url: &mut Url) {
    url.set_fragment(None);
    forget_user(url);
}
