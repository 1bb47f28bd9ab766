//! From what was fetched to what is told, and to what is to be fetched next.

use std::sync::Arc;

use thalweg::operators::concurrency::Ticket;
use url::Url;

use super::Queue;
use super::event::CrawlEvent;
use super::ledger::Totals;
use super::links::{self, Extract, Reader};
use super::seen::Seen;
use super::site::Sites;
use super::visit::{Fetched, Outcome, Visit};
use crate::args::Args;
use crate::fetch::Response;
use crate::output::PageRecord;
use crate::url::{Bounds, LONGEST, forget_user, is_media, normalise};

/// Redirects in a row that may lead to another spelling of the same URL, which would otherwise count as known.
const RESPELLINGS: u8 = 5;

/// The memory of a crawl: what is known, and how far it goes.
///
/// One stage of the flow owns it, so nothing in it is locked.
#[derive(Debug)]
pub(super) struct Follow {
    args: Args,
    bounds: Bounds,
    seen: Seen,
    sites: Sites,
    totals: Arc<Totals>,
}

impl Follow {
    /// Begins with the URLs of `args`, of which it makes the first visits.
    pub(super) fn new(args: &Args, totals: Arc<Totals>) -> (Self, Vec<Visit>) {
        let mut follow = Self {
            bounds: crate::url::Scope::from(args.what.scope).around(&args.urls),
            seen: Seen::default(),
            sites: Sites::new(),
            totals,
            args: args.clone(),
        };
        let seeds = args
            .urls
            .iter()
            .filter_map(|url| follow.visit(url.clone(), 0, None))
            .collect();
        (follow, seeds)
    }

    /// Queues what a visit leads to, and tells what came of it.
    pub(super) fn links_of(&mut self, fetched: Fetched) -> CrawlEvent {
        let Fetched {
            visit,
            ticket,
            began,
            retries,
            outcome,
        } = fetched;
        let is_seed = visit.referrer.is_none();
        let mut record = PageRecord {
            url: String::new(),
            status: None,
            depth: visit.depth,
            referrer: visit.referrer.clone(),
            content_type: None,
            bytes: 0,
            title: None,
            links: 0,
            fetched_at: began,
            elapsed_ms: 0,
            error: None,
        };
        match outcome {
            Outcome::Response(response) => {
                if response.location.is_some() {
                    self.redirect(&visit, &response, &ticket);
                } else {
                    let Extract { title, links } = self.page(&visit, &response, &ticket);
                    record.title = title;
                    record.links = links;
                }
                record.status = Some(response.status.as_u16());
                record.content_type = response.content_type().map(str::to_owned);
                record.bytes = response.body.len() as u64;
                record.elapsed_ms = u64::try_from(response.elapsed.as_millis()).unwrap_or(u64::MAX);
            }
            Outcome::Failed(why) => {
                if is_seed {
                    self.totals.lose_seed(&visit.url, &why);
                }
                record.error = Some(why);
            }
            Outcome::Denied(why) => {
                if is_seed {
                    self.totals.lose_seed(&visit.url, &why);
                }
                return CrawlEvent::Denied {
                    url: visit.url.into(),
                };
            }
            Outcome::TooEarly => {
                // Refused only if the crawl ends or the queue is full, and counted there.
                let _ = ticket.add(visit);
                return CrawlEvent::Postponed;
            }
            Outcome::Surplus => return CrawlEvent::Postponed,
        }
        record.url = visit.url.into();
        CrawlEvent::Page { record, retries }
    }

    fn page(
        &mut self,
        visit: &Visit,
        response: &Response,
        ticket: &Ticket<Visit, Queue>,
    ) -> Extract {
        let deepest = self.args.what.max_depth.unwrap_or(u32::MAX);
        let polite = !self.args.what.ignore_robots;
        let mut finds = Finds {
            visit,
            is_deepest: visit.depth >= deepest,
            referrer: None,
            visits: Vec::new(),
            follow: self,
        };
        let extract = links::read(response, polite, &mut finds);
        if !finds.visits.is_empty() {
            // What the queue has no room for is counted there.
            ticket.add_all(finds.visits);
        }
        extract
    }

    /// A redirect is a visit of its own, as deep as the first.
    fn redirect(&mut self, visit: &Visit, response: &Response, ticket: &Ticket<Visit, Queue>) {
        let Some(mut target) = response.location.clone() else {
            return;
        };
        make_bare(&mut target);
        if visit.referrer.is_none() && !self.bounds.contains(&target) {
            self.totals.leave_scope(&visit.url, &target);
        }
        let referrer = Arc::from(visit.url.as_str());
        let is_respelled = target != visit.url
            && visit.respelled < RESPELLINGS
            && normalise(target.clone()) == normalise(visit.url.clone());
        let next = if is_respelled {
            Some(Visit {
                site: self.sites.of(&target, |url| self.args.delay_for(url)),
                url: target,
                depth: visit.depth,
                referrer: Some(referrer),
                respelled: visit.respelled + 1,
            })
        } else {
            self.visit(target, visit.depth, Some(&referrer))
        };
        if let Some(next) = next {
            let _ = ticket.add(next);
        }
    }

    /// Makes a visit of a URL that is new and belongs to the crawl.
    fn visit(&mut self, mut url: Url, depth: u32, referrer: Option<&Arc<str>>) -> Option<Visit> {
        make_bare(&mut url);
        let is_seed = referrer.is_none();
        let is_wanted =
            || url.as_str().len() <= LONGEST && self.bounds.contains(&url) && !is_media(&url);
        if !is_seed && !is_wanted() {
            return None;
        }
        if !self.seen.insert(normalise(url.clone()).as_str()) {
            return None;
        }
        Some(Visit {
            site: self.sites.of(&url, |url| self.args.delay_for(url)),
            url,
            depth,
            referrer: referrer.cloned(),
            respelled: 0,
        })
    }
}

/// Leaves what a request says: no fragment, and no user, under whose name each link could make a site of its own.
fn make_bare(url: &mut Url) {
    url.set_fragment(None);
    forget_user(url);
}

/// Gathers the visits that a page leads to.
struct Finds<'a> {
    visit: &'a Visit,
    /// What is found would be too deep.
    is_deepest: bool,
    /// The URL of the page, made when it is needed first.
    referrer: Option<Arc<str>>,
    visits: Vec<Visit>,
    follow: &'a mut Follow,
}

impl Reader for Finds<'_> {
    fn knows(&self, url: &str) -> bool {
        self.is_deepest || self.follow.seen.contains(url)
    }

    fn find(&mut self, mut url: Url) {
        url.set_fragment(None);
        if self.knows(url.as_str()) {
            return;
        }
        let referrer = self
            .referrer
            .get_or_insert_with(|| Arc::from(self.visit.url.as_str()));
        let visit = self.follow.visit(url, self.visit.depth + 1, Some(referrer));
        self.visits.extend(visit);
    }
}
