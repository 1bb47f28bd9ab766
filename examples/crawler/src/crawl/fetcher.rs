//! From a visit to a response: robots.txt, the pace of the site, the request, and trying again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use thalweg::operators::concurrency::Work;
use tokio::time::{Instant, sleep};

use super::address::{Addresses, Visitor};
use super::allowance::Allowance;
use super::earlier::Earlier;
use super::frontier::Queue;
use super::rejection::Rejection;
use super::robots_txt::{self, Reader};
use super::site::{Permission, Site};
use super::stop::Stop;
use super::trouble::{self, is_busy, is_temporary};
use super::turn::SiteTurn;
use super::visit::{Failure, Fetched, Kind, Outcome, Underway, Visit};
use crate::args::Args;
use crate::fetch::{Client, FetchError, Reason, Request, Response, is_html};
use crate::robots::{Dialect, product_token};
use crate::sitemap;
use crate::summary::Summary;

/// The longest wait before a request is made again that is spent in the site's turn, as the last page's has to be.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Tells by the head of a response whether its body is worth reading.
type IsWanted = fn(StatusCode, &HeaderMap) -> bool;

/// Fetches, one visit at a time in each of many tasks.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    /// The name to look for in robots.txt; none to ignore it.
    agent: Option<String>,
    /// Which bodies are read.
    is_wanted: IsWanted,
    dialect: Dialect,
    retries: u32,
    body_limit: usize,
    earlier: Arc<Earlier>,
    addresses: Addresses,
    pub(super) allowance: Allowance,
    stop: Stop,
    running: AtomicU64,
    underway: Underway,
}

impl Fetcher {
    /// Creates a fetcher for a crawl that comes to so much already, which counts against its limits.
    pub(super) fn new(args: &Args, before: &Summary, earlier: Arc<Earlier>, stop: Stop) -> Self {
        let name = args
            .fetching
            .user_agent
            .to_str()
            .ok()
            .and_then(product_token);
        let config = args.client_config();
        Self {
            body_limit: config.body_limit,
            client: Client::new(config),
            agent: (!args.what.ignore_robots).then(|| name.unwrap_or_default().to_owned()),
            is_wanted: if args.files.warc { is_any } else { is_page },
            dialect: args.what.robots_dialect.into(),
            retries: args.fetching.retries,
            earlier,
            addresses: Addresses::default(),
            allowance: Allowance::new(
                args.what.max_pages.saturating_sub(before.pages),
                args.limits
                    .max_bytes
                    .map(|size| size.as_u64().saturating_sub(before.bytes)),
            ),
            stop,
            running: AtomicU64::new(0),
            underway: Underway::default(),
        }
    }

    /// Counts the visits that are under way.
    pub(super) fn running(&self) -> u64 {
        self.running.load(Relaxed)
    }

    /// Makes a visit.
    pub(super) async fn fetch(self: Arc<Self>, work: Work<Visit, Queue>) -> Fetched {
        let (visit, ticket) = work.into_parts();
        let _running = Running::new(&self.running);
        let underway = self.underway.clone();
        let began = SystemTime::now();
        let outcome = match self.admit(&visit).await {
            Ok(turn) => self.visit(&visit, turn).await,
            Err(outcome) => outcome,
        };
        let retries = match outcome {
            Outcome::TooEarly => 0,
            _ => visit.site.finish(&visit.url),
        };
        Fetched {
            visit,
            ticket,
            began,
            retries,
            outcome,
            underway,
        }
    }

    /// Tells whether every visit that was begun is counted.
    pub(super) fn is_idle(&self) -> bool {
        self.underway.count() == 0
    }

    /// Waits until the site has said whether it wants this visit, and takes a page off the allowance for it.
    ///
    /// # Errors
    ///
    /// How the visit ends instead.
    async fn admit<'a>(&self, visit: &'a Visit) -> Result<SiteTurn<'a>, Outcome> {
        let site = &*visit.site;
        if site.is_resting() {
            return Err(Outcome::TooEarly);
        }
        let visitor = tokio::select! {
            biased;
            visitor = self.enter(visit) => visitor?,
            () = self.stop.is_cut() => return Err(self.ends_as(visit, Outcome::CutOff)),
        };
        let turn = SiteTurn { site, visitor };
        if let Some(agent) = &self.agent {
            let reader = Reader {
                agent,
                dialect: self.dialect,
            };
            // Boxed, because it is large and rare.
            let read =
                async || Box::pin(robots_txt::read(&self.client, &visit.url, reader, &turn)).await;
            let permission = tokio::select! {
                biased;
                permission = site.permission(&visit.url, self.retries, read) => permission,
                // A site that is slow to answer does not hold up the end.
                () = self.allowance.spent() => return Err(Outcome::Surplus),
                () = self.stop.is_cut() => return Err(self.ends_as(visit, Outcome::CutOff)),
            };
            match permission {
                Permission::Granted => {}
                Permission::Denied => {
                    return Err(Outcome::Denied {
                        reason: Rejection::Robots,
                        why: "robots.txt disallows it".to_owned(),
                    });
                }
                Permission::NoRobots(why) => {
                    return Err(Outcome::Denied {
                        reason: Rejection::NoRobots,
                        why: format!("its robots.txt cannot be read now ({why})"),
                    });
                }
                Permission::Refused(failure) => {
                    return Err(self.ends_as(visit, Outcome::Failed(failure)));
                }
                Permission::TooEarly => return Err(Outcome::TooEarly),
            }
            // The robots.txt was a request too, and may have asked for longer pauses.
            if site.is_resting() {
                return Err(Outcome::TooEarly);
            }
        }
        if self.allows(visit) {
            Ok(turn)
        } else {
            Err(Outcome::Surplus)
        }
    }

    /// Begins a request to the address of the site, if it is to be spared.
    ///
    /// # Errors
    ///
    /// [`Outcome::TooEarly`] if enough requests run there.
    async fn enter(&self, visit: &Visit) -> Result<Option<Visitor>, Outcome> {
        let Some(limits) = visit.site.manner().address else {
            return Ok(None);
        };
        // One that cannot be found out is told of when it is connected to.
        let Ok(Some(address)) = self.client.address_of(&visit.url).await else {
            return Ok(None);
        };
        match self.addresses.enter(address, limits, Instant::now()) {
            Ok(visitor) => Ok(Some(visitor)),
            Err(wait) => {
                visit.site.rest(wait);
                Err(Outcome::TooEarly)
            }
        }
    }

    async fn visit(&self, visit: &Visit, turn: SiteTurn<'_>) -> Outcome {
        tokio::select! {
            biased;
            outcome = self.get(visit, turn) => outcome,
            () = self.stop.is_cut() => Outcome::CutOff,
        }
    }

    /// Requests what a visit is for, and decides whether to try again if that fails.
    async fn get(&self, visit: &Visit, turn: SiteTurn<'_>) -> Outcome {
        let (body_limit, is_wanted) = self.wants(visit);
        let request = Request {
            url: &visit.url,
            body_limit,
            known: self.earlier.validators(&visit.url),
        };
        loop {
            let result = self.client.send(&request, &turn, is_wanted).await;
            learn(&turn, &result);
            if let Ok(response) = &result {
                self.allowance.take_bytes(response.body.len());
            }
            let Some(pause) = self.pause(&visit.site, &visit.url, &result) else {
                return result.into();
            };
            if self.puts_off(visit) {
                // It lines up again, and others may go on meanwhile.
                visit.site.count_try(&visit.url);
                visit.site.rest(pause);
                return Outcome::TooEarly;
            }
            // The crawl ends with this page, so it cannot line up again.
            if pause > LONGEST_WAIT || self.stop.unless_asked(sleep(pause)).await.is_none() {
                return result.into();
            }
            visit.site.count_try(&visit.url);
        }
    }

    /// How long to wait before another try; none if there is to be none.
    fn pause(
        &self,
        site: &Site,
        url: &url::Url,
        result: &Result<Response, FetchError>,
    ) -> Option<Duration> {
        let may_help = match result {
            Ok(response) => is_temporary(response.status),
            Err(error) => error.is_retryable(),
        };
        if !may_help || self.stop.is_asked() {
            return None;
        }
        let tries = site.tries(url);
        let longest = site.manner().policy.longest;
        trouble::pause(result, tries).filter(|pause| tries < self.retries && *pause <= longest)
    }

    /// How much of a body is read, and of which.
    fn wants(&self, visit: &Visit) -> (usize, IsWanted) {
        match visit.kind {
            Kind::Page => (self.body_limit, self.is_wanted),
            // One byte more than is read tells a long one from one that ends there.
            Kind::Sitemap => (sitemap::LIMIT + 1, is_success),
        }
    }

    /// Takes a page off the allowance, if the visit is to one; `false` if nothing more is to be fetched.
    fn allows(&self, visit: &Visit) -> bool {
        match visit.kind {
            Kind::Page => self.allowance.take(),
            Kind::Sitemap => !self.allowance.is_spent(),
        }
    }

    /// Takes back what a visit took, if there is still time for another try.
    fn puts_off(&self, visit: &Visit) -> bool {
        match visit.kind {
            Kind::Page => self.allowance.give_back(),
            Kind::Sitemap => !self.allowance.is_spent(),
        }
    }

    /// How a visit ends that counts as a page, if there is one left.
    fn ends_as(&self, visit: &Visit, outcome: Outcome) -> Outcome {
        if self.allows(visit) {
            outcome
        } else {
            Outcome::Surplus
        }
    }
}

/// Adapts the pace to what came of a request.
fn learn(turn: &SiteTurn<'_>, result: &Result<Response, FetchError>) {
    if let Ok(response) = result {
        turn.site.answered(response.answered);
    }
    match result {
        Ok(response) if is_busy(response.status) => match response.retry_after() {
            Some(asked) => turn.site.rest(asked),
            None => turn.site.fail(),
        },
        Ok(response) if response.status.is_server_error() => turn.site.fail(),
        Ok(response) => {
            turn.site.succeed(response.latency);
            if let Some(visitor) = &turn.visitor {
                visitor.succeed(response);
            }
        }
        Err(error) if error.is_retryable() => turn.site.fail(),
        Err(_) => {}
    }
}

impl From<Result<Response, FetchError>> for Outcome {
    fn from(result: Result<Response, FetchError>) -> Self {
        match result {
            Ok(response) => Self::Response(Box::new(response)),
            Err(error) => Self::Failed(error.into()),
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self {
            reason: error.reason(),
            why: error.to_string(),
        }
    }
}

impl Failure {
    pub(super) fn cut_off() -> Self {
        Self {
            reason: Reason::Stopped,
            why: "cut off when the crawl was stopped".to_owned(),
        }
    }
}

/// A sitemap may be of any type.
fn is_success(status: StatusCode, _: &HeaderMap) -> bool {
    status.is_success()
}

/// An archive keeps whatever comes.
fn is_any(_: StatusCode, _: &HeaderMap) -> bool {
    true
}

/// Tells whether a response is worth reading: a page that may have links.
fn is_page(status: StatusCode, headers: &HeaderMap) -> bool {
    status.is_success()
        && headers
            .get(CONTENT_TYPE)
            .is_none_or(|kind| is_html(kind.as_bytes()))
}

/// Counts a visit for as long as it lives.
struct Running<'a>(&'a AtomicU64);

impl<'a> Running<'a> {
    fn new(running: &'a AtomicU64) -> Self {
        running.fetch_add(1, Relaxed);
        Self(running)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
