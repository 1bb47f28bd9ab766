//! What goes through the flow: a visit, and what came of it.

use std::sync::Arc;
use std::time::SystemTime;

use thalweg::operators::concurrency::Ticket;
use url::Url;

use super::event::CrawlEvent;
use super::frontier::{Fingerprint, Found, Queue, Trail};
use super::rejection::Rejection;
use super::site::Site;
use crate::fetch::{Reason, Response};

/// A URL to be fetched.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    /// The number of the URL among all that the crawl has found.
    pub(super) id: u64,
    /// As the link says it, without its fragment.
    pub(super) url: Url,
    /// What the URL is known by if that is not its text; told until it is queued and logged.
    pub(super) known_by: Option<Fingerprint>,
    pub(super) site: Arc<Site>,
    /// How many links lead here from a seed.
    pub(super) depth: u32,
    /// Where the link was found; none for a seed.
    pub(super) referrer: Option<Arc<str>>,
    /// Redirects in a row that led here.
    pub(super) respelled: u8,
    pub(super) kind: Kind,
}

/// What is expected at a URL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page.
    #[default]
    Page,
    /// A sitemap; it counts as no page.
    Sitemap,
}

impl Visit {
    pub(super) fn new(id: u64, url: Url, site: Arc<Site>, trail: Trail) -> Self {
        let Trail {
            depth,
            respelled,
            kind,
            referrer,
        } = trail;
        Self {
            id,
            url,
            known_by: None,
            site,
            depth,
            referrer,
            respelled,
            kind,
        }
    }

    /// How the URL was come by.
    pub(super) fn trail(&self) -> Trail {
        Trail {
            depth: self.depth,
            respelled: self.respelled,
            kind: self.kind,
            referrer: self.referrer.clone(),
        }
    }
}

/// A visit that is over. The ticket keeps the frontier open until the links are queued.
pub(super) struct Fetched {
    pub(super) visit: Visit,
    pub(super) ticket: Ticket<Visit, Queue>,
    pub(super) began: SystemTime,
    pub(super) retries: u32,
    pub(super) outcome: Outcome,
    pub(super) underway: Underway,
}

/// A visit that was begun and is not yet counted as done: there are as many as there are clones of the first, and one.
#[derive(Clone, Debug, Default)]
pub(super) struct Underway(Arc<()>);

impl Underway {
    /// Counts the clones of this one.
    pub(super) fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// How a visit ended.
pub(super) enum Outcome {
    /// There is a response, of whatever status.
    Response(Box<Response>),
    /// There is none; this is why.
    Failed(Failure),
    /// The robots.txt of the site does not want it, or cannot be read.
    Denied { reason: Rejection, why: String },
    /// The site is to be left alone for a while: the visit has to line up again.
    TooEarly,
    /// There were pages enough.
    Surplus,
    /// The crawl was stopped before there was an answer.
    CutOff,
}

/// A visit as the sink sees it: what is told of it, and what is logged.
pub(super) struct Step {
    pub(super) event: CrawlEvent,
    pub(super) id: u64,
    /// The URLs that are new; told only if there is a log.
    pub(super) found: Vec<Found>,
    /// Until it is counted.
    pub(super) underway: Underway,
}

/// Why there is no response.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) reason: Reason,
    pub(super) why: String,
}
