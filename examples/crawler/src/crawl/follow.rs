//! From what was fetched to what is told, and to what is to be fetched next.

use std::sync::Arc;

use thalweg::operators::concurrency::Ticket;
use url::Url;

use super::Queue;
use super::admission::Admission;
use super::event::CrawlEvent;
use super::ledger::Totals;
use super::links::{self, Extract, Reader};
use super::rejection::{RejectedUrl, Rejections};
use super::visit::{Failure, Fetched, Outcome, Visit};
use crate::args::Args;
use crate::fetch::Response;
use crate::output::PageRecord;
use crate::url::normalise;

/// Redirects in a row that may lead to another spelling of the same URL, which would otherwise count as known.
const RESPELLINGS: u8 = 5;

/// The memory of a crawl: what is known, and how far it goes.
///
/// One stage of the flow owns it, so nothing in it is locked.
#[derive(Debug)]
pub(super) struct Follow {
    admission: Admission,
    /// Whether links that ask not to be followed are not.
    is_polite: bool,
    totals: Arc<Totals>,
}

impl Follow {
    /// Begins with the URLs of `args`, of which it makes the first visits.
    pub(super) fn new(args: &Args, totals: Arc<Totals>) -> (Self, Vec<Visit>) {
        let mut admission = Admission::new(args);
        let seeds = args
            .urls
            .iter()
            .filter_map(|url| admission.seed(url.clone()))
            .collect();
        let follow = Self {
            admission,
            is_polite: !args.what.ignore_robots,
            totals,
        };
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
            reason: None,
            error: None,
        };
        let mut finds = Finds::new(&visit, self);
        match outcome {
            Outcome::Response(response) => {
                if response.location.is_some() {
                    finds.redirect(&response);
                } else {
                    let polite = finds.follow.is_polite;
                    let Extract { title, links } = links::read(&response, polite, &mut finds);
                    record.title = title;
                    record.links = links;
                }
                record.status = Some(response.status.as_u16());
                record.reason = response.cut();
                record.content_type = response.content_type().map(str::to_owned);
                record.bytes = response.body.len() as u64;
                record.elapsed_ms = u64::try_from(response.elapsed.as_millis()).unwrap_or(u64::MAX);
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
            Outcome::Surplus => return CrawlEvent::Postponed,
        }
        let rejections = finds.queue(&ticket);
        record.url = visit.url.into();
        CrawlEvent::Page {
            record,
            retries,
            rejections,
        }
    }
}

/// Gathers what a visit leads to.
struct Finds<'a> {
    visit: &'a Visit,
    /// The URL of the visit, made when it is needed first.
    referrer: Option<Arc<str>>,
    visits: Vec<Visit>,
    rejections: Rejections,
    follow: &'a mut Follow,
}

impl<'a> Finds<'a> {
    fn new(visit: &'a Visit, follow: &'a mut Follow) -> Self {
        Self {
            visit,
            referrer: None,
            visits: Vec::new(),
            rejections: Rejections::default(),
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
        if visit.referrer.is_none() && !self.follow.admission.is_in_scope(&target) {
            self.follow.totals.leave_scope(&visit.url, &target);
        }
        let is_respelled = target != visit.url
            && visit.respelled < RESPELLINGS
            && normalise(target.clone()) == normalise(visit.url.clone());
        if is_respelled {
            let referrer = self.referrer();
            let respelled = self.follow.admission.respell(target, visit, referrer);
            self.visits.push(respelled);
        } else {
            self.admit(target, visit.depth);
        }
    }

    fn admit(&mut self, url: Url, depth: u32) {
        let referrer = self.referrer();
        match self.follow.admission.admit(url, depth, &referrer) {
            Ok(visit) => self.visits.extend(visit),
            Err(reason) => self.rejections.count(reason),
        }
    }

    fn referrer(&mut self) -> Arc<str> {
        self.referrer
            .get_or_insert_with(|| Arc::from(self.visit.url.as_str()))
            .clone()
    }

    /// Queues the visits, and counts what did not become one.
    fn queue(self, ticket: &Ticket<Visit, Queue>) -> Rejections {
        if !self.visits.is_empty() {
            // What the queue has no room for is counted there.
            ticket.add_all(self.visits);
        }
        self.rejections
    }
}

impl Reader for Finds<'_> {
    fn knows(&self, url: &str) -> bool {
        self.follow.admission.knows(url)
    }

    fn find(&mut self, mut url: Url) {
        url.set_fragment(None);
        if !self.knows(url.as_str()) {
            self.admit(url, self.visit.depth + 1);
        }
    }
}
