//! From what was fetched to what is told, and to what is to be fetched next.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{ETAG, HeaderName, HeaderValue, LAST_MODIFIED};
use thalweg::operators::concurrency::Ticket;
use url::Url;

use super::admission::Admission;
use super::earlier::Earlier;
use super::event::CrawlEvent;
use super::frontier::{Fingerprint, Found, Queue};
use super::ledger::Totals;
use super::links::{self, Reader};
use super::rejection::{RejectedUrl, Rejection, Rejections};
use super::sitemaps::{self, SitemapRecord};
use super::visit::{Failure, Fetched, Kind, Outcome, Step, Visit};
use super::wishes::Wishes;
use crate::args::Args;
use crate::fetch::Response;
use crate::output::{Algorithm, PageRecord};
use crate::url::{resolve, resolve_text};

/// Redirects in a row that are followed.
const REDIRECTS: u8 = 10;

/// The memory of a crawl: what is known, and how far it goes.
///
/// One stage of the flow owns it, so nothing in it is locked.
#[derive(Debug)]
pub(super) struct Follow {
    admission: Admission,
    earlier: Arc<Earlier>,
    wishes: Arc<Wishes>,
    /// Whether URLs that are not fetched are told one by one.
    tells_rejected: bool,
    /// Whether the sitemaps that sites list are read.
    reads_sitemaps: bool,
    keeps: Keeps,
    /// What is cut off is left for another run.
    is_logged: bool,
    /// What the visit at hand leads to, for the log.
    found: Vec<Found>,
    totals: Arc<Totals>,
}

impl Follow {
    pub(super) fn new(
        args: &Args,
        admission: Admission,
        earlier: Arc<Earlier>,
        is_logged: bool,
        totals: Arc<Totals>,
    ) -> Self {
        Self {
            admission,
            earlier,
            wishes: Arc::new(Wishes::new(args)),
            tells_rejected: args.files.rejected,
            reads_sitemaps: !args.what.no_sitemaps,
            keeps: Keeps {
                digests: args.output.has_directory().then(|| args.files.digests()),
                responses: args.output.has_directory() && args.files.need_responses(),
            },
            is_logged,
            found: Vec::new(),
            totals,
        }
    }

    /// Queues what a visit leads to, and tells what came of it.
    pub(super) fn step(&mut self, fetched: Fetched) -> Step {
        let (id, underway) = (fetched.visit.id, fetched.underway.clone());
        let event = self.links_of(fetched);
        let found = std::mem::take(&mut self.found);
        Step {
            event,
            id,
            found,
            underway,
        }
    }

    fn links_of(&mut self, fetched: Fetched) -> CrawlEvent {
        let Fetched {
            visit,
            ticket,
            began,
            retries,
            outcome,
            underway: _,
        } = fetched;
        if visit.kind == Kind::Sitemap {
            return self.entries_of(visit, &ticket, retries, outcome);
        }
        let is_seed = visit.referrer.is_none();
        let mut record = Box::new(PageRecord::new(String::new(), began));
        record.depth = visit.depth;
        record.referrer.clone_from(&visit.referrer);
        let mut kept = None;
        let outcome = match outcome {
            Outcome::CutOff if !self.is_logged => Outcome::Failed(Failure::cut_off()),
            other => other,
        };
        let mut finds = Finds::new(&visit, self);
        match outcome {
            Outcome::Response(response) => {
                let keeps = finds.follow.keeps;
                if response.location.is_some() {
                    finds.redirect(&response);
                } else if response.status == StatusCode::NOT_MODIFIED {
                    finds.again(&mut record);
                } else {
                    let wishes = finds.follow.wishes.clone();
                    links::read(&response, &wishes, &mut finds).tell(&mut record);
                }
                describe(&response, keeps.digests, &mut record);
                kept = keeps.responses.then(|| Arc::from(response));
            }
            Outcome::Failed(Failure { reason, why }) => {
                if is_seed {
                    finds.follow.totals.lose_seed(&visit.url, &why);
                }
                record.reason = Some(reason);
                record.error = Some(why);
            }
            Outcome::Denied { reason, why } => {
                if is_seed {
                    finds.follow.totals.lose_seed(&visit.url, &why);
                }
                finds.follow.admission.give_back(&visit);
                finds.listed();
                finds.queue(&ticket);
                return CrawlEvent::Denied(RejectedUrl {
                    url: visit.url.into(),
                    referrer: visit.referrer,
                    reason,
                });
            }
            Outcome::TooEarly => {
                // Refused only if the crawl ends or the queue is full, and counted there.
                let _ = ticket.add(visit);
                return CrawlEvent::Postponed;
            }
            // They wait for another run.
            Outcome::Surplus | Outcome::CutOff => return CrawlEvent::Postponed,
        }
        finds.listed();
        let (rejections, rejected) = finds.queue(&ticket);
        record.url = visit.url.into();
        CrawlEvent::Page {
            record,
            retries,
            rejections,
            rejected,
            response: kept,
        }
    }
}

impl Follow {
    /// Queues what a sitemap lists, and tells what came of it.
    fn entries_of(
        &mut self,
        visit: Visit,
        ticket: &Ticket<Visit, Queue>,
        retries: u32,
        outcome: Outcome,
    ) -> CrawlEvent {
        let mut record = SitemapRecord::default();
        let mut finds = Finds::new(&visit, self);
        match outcome {
            Outcome::Response(response) if response.location.is_some() => {
                record.status = Some(response.status.as_u16());
                finds.redirect(&response);
            }
            Outcome::Response(response) => sitemaps::read(&response, &mut finds, &mut record),
            Outcome::Failed(failure) => record.error = Some(failure.why),
            Outcome::Denied { reason, why } => {
                if visit.referrer.is_none() {
                    finds.follow.totals.lose_seed(&visit.url, &why);
                }
                finds.listed();
                finds.queue(ticket);
                return CrawlEvent::Denied(RejectedUrl {
                    url: visit.url.into(),
                    referrer: visit.referrer,
                    reason,
                });
            }
            Outcome::TooEarly => {
                let _ = ticket.add(visit);
                return CrawlEvent::Postponed;
            }
            Outcome::Surplus | Outcome::CutOff => return CrawlEvent::Postponed,
        }
        if visit.referrer.is_none()
            && let Some(why) = &record.error
        {
            finds.follow.totals.lose_seed(&visit.url, why);
        }
        finds.listed();
        let (rejections, rejected) = finds.queue(ticket);
        record.url = visit.url.into();
        CrawlEvent::Sitemap {
            record,
            retries,
            rejections,
            rejected,
        }
    }
}

/// What is kept of responses for the outputs.
#[derive(Debug, Clone, Copy)]
struct Keeps {
    digests: Option<Algorithm>,
    responses: bool,
}

/// Notes in `record` what can be told without reading the page.
fn describe(response: &Response, digests: Option<Algorithm>, record: &mut PageRecord) {
    record.status = Some(response.status.as_u16());
    record.location = response.location.as_ref().map(Url::to_string);
    record.etag = text_of(response, &ETAG).or(record.etag.take());
    record.last_modified = text_of(response, &LAST_MODIFIED).or(record.last_modified.take());
    record.content_type = response.content_type().map(str::to_owned);
    record.bytes = response.body.len() as u64;
    record.truncated = response.truncated;
    record.reason = response.cut();
    record.digest = digests
        .filter(|_| !response.body.is_empty())
        .map(|algorithm| algorithm.digest(&response.body));
    record.elapsed_ms = u64::try_from(response.elapsed.as_millis()).unwrap_or(u64::MAX);
}

fn text_of(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Gathers what a visit leads to.
pub(super) struct Finds<'a> {
    visit: &'a Visit,
    /// The URL of the visit, made when it is needed first.
    referrer: Option<Arc<str>>,
    visits: Vec<Visit>,
    rejections: Rejections,
    rejected: Vec<RejectedUrl>,
    follow: &'a mut Follow,
}

impl<'a> Finds<'a> {
    fn new(visit: &'a Visit, follow: &'a mut Follow) -> Self {
        Self {
            visit,
            referrer: None,
            visits: Vec::new(),
            rejections: Rejections::default(),
            rejected: Vec::new(),
            follow,
        }
    }

    /// A redirect is a visit of its own, as deep as the first.
    fn redirect(&mut self, response: &Response) {
        let Some(mut target) = response.location.clone() else {
            return;
        };
        target.set_fragment(None);
        let visit = self.visit;
        if visit.respelled >= REDIRECTS {
            let text = self.text(&target);
            self.count(Rejection::Redirects, text);
            return;
        }
        if visit.referrer.is_none() && !self.follow.admission.is_in_scope(&target) {
            self.follow.totals.leave_scope(&visit.url, &target);
        }
        let is_respelled =
            target != visit.url && self.follow.admission.is_same(&target, &visit.url);
        if is_respelled {
            let referrer = self.referrer();
            let respelled = self.follow.admission.respell(target, visit, referrer);
            self.visits.push(respelled);
        } else if visit.kind == Kind::Sitemap {
            self.sitemap(target);
        } else {
            let known = self.visits.len();
            self.admit(target, visit.depth);
            for next in &mut self.visits[known..] {
                next.respelled = visit.respelled + 1;
            }
        }
    }

    /// A page that is as it was leads to where it led.
    fn again(&mut self, record: &mut PageRecord) {
        let earlier = self.follow.earlier.clone();
        for url in earlier.found(&self.visit.url) {
            self.find(url);
        }
        // So that the crawl after this one can ask too, even if the server is silent about it now.
        if let Some(known) = earlier.validators(&self.visit.url) {
            let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
            record.etag = known.etag.as_ref().and_then(text);
            record.last_modified = known.last_modified.as_ref().and_then(text);
        }
    }

    /// A page that something leads to.
    pub(super) fn page(&mut self, mut url: Url) {
        url.set_fragment(None);
        if !self.knows(self.mark(url.as_str())) {
            self.admit(url, self.visit.depth + 1);
        }
    }

    /// A sitemap that is listed somewhere.
    pub(super) fn sitemap(&mut self, url: Url) {
        let referrer = self.referrer();
        let text = self.text(&url);
        match self.follow.admission.admit_sitemap(url, &referrer) {
            Ok(visit) => self.visits.extend(visit),
            Err(reason) => self.count(reason, text),
        }
    }

    /// An address that is not followed, as it stands somewhere.
    pub(super) fn leave(&mut self, base: &Url, address: &str, reason: Rejection) {
        let text = self
            .follow
            .tells_rejected
            .then(|| resolve_text(base, address).unwrap_or_else(|| address.to_owned()));
        self.count(reason, text);
    }

    /// The sitemaps that the robots.txt of the site lists, if that was just read.
    fn listed(&mut self) {
        for address in self.visit.site.listed.take() {
            if !self.follow.reads_sitemaps {
                continue;
            }
            match resolve(&self.visit.url, &address) {
                Some(url) => self.sitemap(url),
                None => self.leave(&self.visit.url, &address, Rejection::NoUrl),
            }
        }
    }

    fn admit(&mut self, url: Url, depth: u32) {
        let referrer = self.referrer();
        let text = self.text(&url);
        match self.follow.admission.admit(url, depth, &referrer) {
            Ok(visit) => self.visits.extend(visit),
            Err(reason) => self.count(reason, text),
        }
    }

    /// The text of a URL, if it is to be told should it be rejected.
    fn text(&self, url: &Url) -> Option<String> {
        self.follow.tells_rejected.then(|| url.to_string())
    }

    fn count(&mut self, reason: Rejection, text: Option<String>) {
        self.rejections.count(reason);
        if let Some(url) = text {
            let referrer = Some(self.referrer());
            self.rejected.push(RejectedUrl {
                url,
                referrer,
                reason,
            });
        }
    }

    fn referrer(&mut self) -> Arc<str> {
        self.referrer
            .get_or_insert_with(|| Arc::from(self.visit.url.as_str()))
            .clone()
    }

    /// Queues the visits, and counts what did not become one.
    fn queue(self, ticket: &Ticket<Visit, Queue>) -> (Rejections, Vec<RejectedUrl>) {
        if !self.visits.is_empty() {
            if self.follow.is_logged {
                self.follow.found = Found::all(&self.visits);
            }
            // What the queue has no room for is counted there.
            ticket.add_all(self.visits);
        }
        (self.rejections, self.rejected)
    }
}

impl Reader for Finds<'_> {
    type Mark = Fingerprint;

    fn mark(&self, url: &str) -> Fingerprint {
        self.follow.admission.mark(url)
    }

    fn knows(&self, url: Fingerprint) -> bool {
        self.follow.admission.knows(url)
    }

    fn find(&mut self, url: Url) {
        self.page(url);
    }

    fn reject(&mut self, base: &Url, href: &str, reason: Rejection) {
        self.leave(base, href, reason);
    }
}
