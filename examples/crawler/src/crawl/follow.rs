//! From what was fetched to what is told, and to what is to be fetched next.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{ETAG, HeaderName, LAST_MODIFIED};
use thalweg::operators::concurrency::Ticket;
use url::Url;

use super::admission::Admission;
use super::earlier::Earlier;
use super::event::CrawlEvent;
use super::finds::Finds;
use super::frontier::{Found, Queue};
use super::ledger::Totals;
use super::links;
use super::rejection::RejectedUrl;
use super::sitemaps::{self, SitemapRecord};
use super::visit::{Failure, Fetched, Kind, Outcome, Step, Visit};
use super::wishes::Wishes;
use crate::args::Args;
use crate::fetch::Response;
use crate::output::{Algorithm, PageRecord};

/// The memory of a crawl: what is known, and how far it goes.
///
/// One stage of the flow owns it, so nothing in it is locked.
#[derive(Debug)]
pub(super) struct Follow {
    pub(super) admission: Admission,
    pub(super) earlier: Arc<Earlier>,
    wishes: Arc<Wishes>,
    /// Whether URLs that are not fetched are told one by one.
    pub(super) tells_rejected: bool,
    /// Whether the sitemaps that sites list are read.
    pub(super) reads_sitemaps: bool,
    keeps: Keeps,
    /// What is cut off is left for another run.
    pub(super) is_logged: bool,
    /// What the visit at hand leads to, for the log.
    pub(super) found: Vec<Found>,
    pub(super) totals: Arc<Totals>,
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
        let result = match outcome {
            Outcome::Response(response) => Ok(response),
            Outcome::Failed(failure) => Err(failure),
            Outcome::CutOff if !self.is_logged && visit.kind == Kind::Page => {
                Err(Failure::cut_off())
            }
            other => return self.leave(visit, &ticket, other),
        };
        if let Err(Failure { why, .. }) = &result
            && visit.referrer.is_none()
        {
            self.totals.lose_seed(&visit.url, why);
        }
        if visit.kind == Kind::Sitemap {
            return self.entries_of(visit, &ticket, retries, result);
        }
        let mut record = Box::new(PageRecord::new(String::new(), began));
        record.depth = visit.depth;
        record.referrer.clone_from(&visit.referrer);
        let mut kept = None;
        let mut finds = Finds::new(&visit, self);
        match result {
            Ok(response) => {
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
            Err(Failure { reason, why }) => {
                record.reason = Some(reason);
                record.error = Some(why);
            }
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

    /// Queues what a sitemap lists, and tells what came of it.
    fn entries_of(
        &mut self,
        visit: Visit,
        ticket: &Ticket<Visit, Queue>,
        retries: u32,
        result: Result<Box<Response>, Failure>,
    ) -> CrawlEvent {
        let mut record = SitemapRecord::default();
        let mut finds = Finds::new(&visit, self);
        match result {
            Ok(response) if response.location.is_some() => {
                record.status = Some(response.status.as_u16());
                finds.redirect(&response);
            }
            Ok(response) => {
                sitemaps::read(&response, &mut finds, &mut record);
                if visit.referrer.is_none()
                    && let Some(why) = &record.error
                {
                    finds.follow.totals.lose_seed(&visit.url, why);
                }
            }
            Err(failure) => record.error = Some(failure.why),
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

    /// Tells of a visit for which no request was made, or none to its end.
    fn leave(
        &mut self,
        visit: Visit,
        ticket: &Ticket<Visit, Queue>,
        outcome: Outcome,
    ) -> CrawlEvent {
        match outcome {
            Outcome::Denied { reason, why } => {
                if visit.referrer.is_none() {
                    self.totals.lose_seed(&visit.url, &why);
                }
                if visit.kind == Kind::Page {
                    self.admission.give_back(&visit);
                }
                let mut finds = Finds::new(&visit, self);
                finds.listed();
                finds.queue(ticket);
                CrawlEvent::Denied(RejectedUrl {
                    url: visit.url.into(),
                    referrer: visit.referrer,
                    reason,
                })
            }
            Outcome::TooEarly => {
                // Refused only if the crawl ends or the queue is full, and counted there.
                let _ = ticket.add(visit);
                CrawlEvent::Postponed
            }
            // The others wait for another run.
            _ => CrawlEvent::Postponed,
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
