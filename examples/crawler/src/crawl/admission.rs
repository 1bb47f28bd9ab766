//! Whether a URL that was found becomes a visit.

use std::path::Path;
use std::sync::Arc;

use url::{Position, Url};

use super::frontier::{Fingerprint, Key, LogError, Queue, Seen, State, Trail, Waiting};
use super::rejection::Rejection;
use super::site::Site;
use super::sites::Sites;
use super::traps::{Limits, Traps};
use super::visit::{Kind, Visit};
use super::written::Written;
use crate::args::Args;
use crate::url::{Bounds, Extensions, Filter, LONGEST, Normaliser, Scope, forget_user};

/// Decides which URLs are visited, each once. It owns what is known of URLs and sites.
#[derive(Debug)]
pub(super) struct Admission {
    args: Args,
    bounds: Bounds,
    filter: Filter,
    extensions: Extensions,
    normaliser: Normaliser,
    deepest: u32,
    /// Whether nothing is fetched but what was given.
    is_dry: bool,
    traps: Traps,
    seen: Seen,
    sites: Sites,
    next_id: u64,
}

impl Admission {
    /// Begins with nothing known.
    pub(super) fn new(args: &Args, key: Key) -> Self {
        Self {
            bounds: Scope::from(args.what.scope).around(&args.urls),
            filter: args.what.filter(),
            extensions: args.what.extensions(),
            normaliser: args.same.normaliser(),
            deepest: args.what.max_depth.unwrap_or(u32::MAX),
            is_dry: args.run.dry_run,
            traps: Traps::new(Limits {
                repeats: args.limits.max_repeats,
                per_pattern: args.limits.per_pattern(),
                per_host: args.limits.max_pages_per_host,
            }),
            seen: Seen::new(key),
            sites: Sites::new(),
            next_id: 0,
            args: args.clone(),
        }
    }

    /// Begins with what an earlier run has logged, and queues what waited or was in flight.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub(super) fn restore(
        args: &Args,
        (state, log): (&State, &Path),
        queue: &mut Queue,
    ) -> Result<Self, LogError> {
        let mut admission = Self::new(args, state.key);
        admission.next_id = state.next_id();
        // Most URLs are of the site of the one before, which spares the parser.
        let mut last: Option<(String, Arc<Site>)> = None;
        state.urls(log, |logged| {
            admission.seen.insert(logged.known_by);
            let Some(Waiting { id, url, trail }) = logged.waiting else {
                return;
            };
            if trail.kind == Kind::Page {
                let traps = &mut admission.traps;
                traps.recount(url, trail.depth, trail.referrer.as_deref());
            }
            if !last.as_ref().is_some_and(|(root, _)| url.starts_with(root)) {
                last = Url::parse(url).ok().map(|url| {
                    let root = format!("{}/", &url[..Position::BeforePath]);
                    (root, admission.site(&url))
                });
            }
            if let Some((_, site)) = &last {
                // What there is no room for stays in the log, for another run.
                queue.add(site, id, url, trail);
            }
        })?;
        Ok(admission)
    }

    /// What the URL with this text, in this spelling, is known by.
    pub(super) fn mark(&self, url: &str) -> Fingerprint {
        self.seen.fingerprint(url)
    }

    /// Tells whether a URL is known.
    pub(super) fn knows(&self, mark: Fingerprint) -> bool {
        self.seen.contains(mark)
    }

    /// Tells whether the scope of the crawl includes `url`.
    pub(super) fn is_in_scope(&self, url: &Url) -> bool {
        self.bounds.contains(url)
    }

    /// Takes a page that an earlier run has written off the budgets of its site.
    pub(super) fn recount(&mut self, page: &Written<'_>) {
        let referrer = page.referrer.as_deref();
        self.traps.recount(&page.url, page.depth, referrer);
    }

    /// Makes a visit of a URL that was given, which is wanted wherever it lies; none if it was given twice.
    pub(super) fn seed(&mut self, mut url: Url) -> Option<Visit> {
        make_bare(&mut url);
        let known_by = self.mark(self.normaliser.apply(url.clone()).as_str());
        let is_new = self.seen.insert(known_by);
        is_new.then(|| {
            self.traps.count(&url);
            self.visit(url, known_by, Trail::default())
        })
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
        let known_by = self.mark(self.normaliser.apply(url.clone()).as_str());
        if self.seen.contains(known_by) {
            return Ok(None);
        }
        if depth > self.deepest {
            return Err(Rejection::TooDeep);
        }
        self.traps.admit(&url, depth, referrer)?;
        self.seen.insert(known_by);
        if self.is_dry && depth > 0 {
            return Err(Rejection::DryRun);
        }
        let trail = Trail {
            depth,
            referrer: Some(referrer.clone()),
            ..Trail::default()
        };
        Ok(Some(self.visit(url, known_by, trail)))
    }

    /// Makes a visit of a sitemap that was given; none if it was given twice.
    pub(super) fn seed_sitemap(&mut self, url: Url) -> Option<Visit> {
        let visit = self.seed(url)?;
        Some(Visit {
            kind: Kind::Sitemap,
            ..visit
        })
    }

    /// Makes a visit of a sitemap that was listed at `referrer`; none if it is known already.
    ///
    /// It has to be of a host of the crawl, but not in the folder or of the pattern that pages have to be.
    ///
    /// # Errors
    ///
    /// Why it is not wanted.
    pub(super) fn admit_sitemap(
        &mut self,
        mut url: Url,
        referrer: &Arc<str>,
    ) -> Result<Option<Visit>, Rejection> {
        make_bare(&mut url);
        if url.as_str().len() > LONGEST {
            return Err(Rejection::TooLong);
        }
        if !self.bounds.reaches(&url) {
            return Err(Rejection::OutOfScope);
        }
        if self.filter.excludes(&url) {
            return Err(Rejection::Excluded);
        }
        let known_by = self.mark(self.normaliser.apply(url.clone()).as_str());
        if self.seen.contains(known_by) {
            return Ok(None);
        }
        if self.deepest == 0 {
            return Err(Rejection::TooDeep);
        }
        self.traps.admit_sitemap(&url)?;
        self.seen.insert(known_by);
        let trail = Trail {
            referrer: Some(referrer.clone()),
            kind: Kind::Sitemap,
            ..Trail::default()
        };
        Ok(Some(self.visit(url, known_by, trail)))
    }

    /// Takes note that a visit was not made, so that its host may have another.
    pub(super) fn give_back(&mut self, visit: &Visit) {
        self.traps.give_back(&visit.url);
    }

    /// Tells whether two URLs count as one.
    pub(super) fn is_same(&self, one: &Url, other: &Url) -> bool {
        self.normaliser.apply(one.clone()) == self.normaliser.apply(other.clone())
    }

    /// Makes a visit of another spelling of the URL of `visit`, to which its server has redirected.
    pub(super) fn respell(&mut self, mut url: Url, visit: &Visit, referrer: Arc<str>) -> Visit {
        make_bare(&mut url);
        let known_by = self.mark(self.normaliser.apply(url.clone()).as_str());
        let trail = Trail {
            depth: visit.depth,
            respelled: visit.respelled + 1,
            kind: visit.kind,
            referrer: Some(referrer),
        };
        self.visit(url, known_by, trail)
    }

    /// What can be told from the URL alone.
    fn is_wanted(&self, url: &Url) -> Result<(), Rejection> {
        if url.as_str().len() > LONGEST {
            Err(Rejection::TooLong)
        } else if !self.bounds.contains(url) {
            Err(Rejection::OutOfScope)
        } else if self.extensions.contains(url) {
            Err(Rejection::Extension)
        } else if !self.filter.includes(url) {
            Err(Rejection::NotIncluded)
        } else if self.filter.excludes(url) {
            Err(Rejection::Excluded)
        } else if self.traps.repeats_itself(url) {
            Err(Rejection::RepeatingPath)
        } else {
            Ok(())
        }
    }

    fn visit(&mut self, url: Url, known_by: Fingerprint, trail: Trail) -> Visit {
        let id = self.next_id;
        self.next_id += 1;
        let site = self.site(&url);
        let is_spelled_so = self.mark(url.as_str()) == known_by;
        Visit {
            known_by: (!is_spelled_so).then_some(known_by),
            ..Visit::new(id, url, site, trail)
        }
    }

    fn site(&mut self, url: &Url) -> Arc<Site> {
        self.sites.of(url, |url| self.args.speed.manner_for(url))
    }
}

/// Leaves what a request says: no fragment, and no user, under whose name each link could make a site of its own.
fn make_bare(url: &mut Url) {
    url.set_fragment(None);
    forget_user(url);
}
