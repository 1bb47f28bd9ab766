//! What one visit leads to.

use std::sync::Arc;

use hyper::header::HeaderValue;
use thalweg::operators::concurrency::Ticket;
use url::Url;

use super::follow::Follow;
use super::frontier::{Fingerprint, Found, Queue};
use super::links::Reader;
use super::rejection::{RejectedUrl, Rejection, Rejections};
use super::visit::{Kind, Visit};
use crate::fetch::Response;
use crate::output::PageRecord;
use crate::url::{resolve, resolve_text};

/// Redirects in a row that are followed.
const REDIRECTS: u8 = 10;

/// Gathers what a visit leads to.
pub(super) struct Finds<'a> {
    visit: &'a Visit,
    /// The URL of the visit, made when it is needed first.
    referrer: Option<Arc<str>>,
    visits: Vec<Visit>,
    rejections: Rejections,
    rejected: Vec<RejectedUrl>,
    pub(super) follow: &'a mut Follow,
}

impl<'a> Finds<'a> {
    pub(super) fn new(visit: &'a Visit, follow: &'a mut Follow) -> Self {
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
    pub(super) fn redirect(&mut self, response: &Response) {
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
    pub(super) fn again(&mut self, record: &mut PageRecord) {
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
    pub(super) fn listed(&mut self) {
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
    pub(super) fn queue(self, ticket: &Ticket<Visit, Queue>) -> (Rejections, Vec<RejectedUrl>) {
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
