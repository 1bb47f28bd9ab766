//! From a visit to a response: robots.txt, the request, and trying again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use thalweg::operators::concurrency::Work;
use url::Url;

use super::allowance::Allowance;
use super::frontier::Queue;
use super::site::{Permission, Robots, Site};
use super::stop::Stop;
use super::visit::{Fetched, Outcome, Visit};
use crate::args::Args;
use crate::fetch::{Client, FetchError, Request, Response, is_html};
use crate::robots::{self, Rules, product_token};

/// Redirects in a row that lead to a `robots.txt`, as RFC 9309 asks for.
const ROBOTS_REDIRECTS: usize = 5;

/// About how long it takes until the first request that failed is made again; then twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest wait before a request is made again. It is spent in the site's turn; so it is short, and where the server
/// asks for a longer one the request is not made again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Fetches, one visit at a time in each of many tasks.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    /// The name to look for in robots.txt; none to ignore it.
    agent: Option<String>,
    /// Which bodies are read.
    is_wanted: fn(StatusCode, &HeaderMap) -> bool,
    retries: u32,
    body_limit: usize,
    pub(super) allowance: Allowance,
    stop: Stop,
    running: AtomicU64,
}

impl Fetcher {
    /// Creates a fetcher for a crawl that has so many pages already.
    pub(super) fn new(args: &Args, pages: u64, stop: Stop) -> Self {
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
            retries: args.fetching.retries,
            allowance: Allowance::new(args.what.max_pages.saturating_sub(pages)),
            stop,
            running: AtomicU64::new(0),
        }
    }

    /// Counts the visits that are under way.
    pub(super) fn running(&self) -> u64 {
        self.running.load(Relaxed)
    }

    /// Begins a visit.
    pub(super) fn fetch(
        self: Arc<Self>,
        work: Work<Visit, Queue>,
    ) -> impl Future<Output = Fetched> + Send + 'static {
        // The pause that the site was given just now, before the task begins to run.
        let pause = work.site.pause();
        async move {
            let (visit, ticket) = work.into_parts();
            let _running = Running::new(&self.running);
            let began = SystemTime::now();
            let mut retries = 0;
            let outcome = match self.admit(&visit, pause).await {
                Ok(()) => self.visit(&visit, &mut retries).await,
                Err(outcome) => outcome,
            };
            Fetched {
                visit,
                ticket,
                began,
                retries,
                outcome,
            }
        }
    }

    /// Waits until the site has said whether it wants this visit, and takes a page off the allowance for it.
    ///
    /// # Errors
    ///
    /// How the visit ends instead.
    async fn admit(&self, visit: &Visit, pause: Duration) -> Result<(), Outcome> {
        if visit.site.is_resting() {
            return Err(Outcome::TooEarly);
        }
        if let Some(agent) = &self.agent {
            // Boxed, because it is large and rare.
            let read = async || Box::pin(self.robots(&visit.url, agent)).await;
            let permission = tokio::select! {
                biased;
                permission = visit.site.permission(&visit.url, pause, read) => permission,
                // A site that is slow to answer does not hold up the end.
                () = self.allowance.spent() => return Err(Outcome::Surplus),
                () = self.stop.is_cut() => {
                    let is_counted = self.allowance.take();
                    return Err(if is_counted { Outcome::CutOff } else { Outcome::Surplus });
                }
            };
            match permission {
                Permission::Granted => {}
                Permission::Denied(why) => return Err(Outcome::Denied(why)),
                Permission::TooEarly => return Err(Outcome::TooEarly),
                Permission::Unreachable(why) if self.allowance.take() => {
                    return Err(Outcome::Failed(why));
                }
                Permission::Unreachable(_) => return Err(Outcome::Surplus),
            }
        }
        if self.allowance.take() {
            Ok(())
        } else {
            Err(Outcome::Surplus)
        }
    }

    async fn visit(&self, visit: &Visit, retries: &mut u32) -> Outcome {
        tokio::select! {
            biased;
            result = self.get(&visit.url, Some(&visit.site), self.is_wanted, retries) => match result {
                Ok(response) => Outcome::Response(Box::new(response)),
                Err(error) => Outcome::Failed(error.to_string()),
            },
            () = self.stop.is_cut() => Outcome::CutOff,
        }
    }

    /// Requests a page or, where there is no `site` to be spared, a `robots.txt`; again if that may help, as often as is
    /// allowed.
    async fn get(
        &self,
        url: &Url,
        site: Option<&Site>,
        is_wanted: fn(StatusCode, &HeaderMap) -> bool,
        retries: &mut u32,
    ) -> Result<Response, FetchError> {
        // One byte more than is parsed tells a long robots.txt from one that ends there.
        let limit = site.map_or(robots::LIMIT + 1, |_| self.body_limit);
        loop {
            let request = Request {
                url,
                body_limit: limit,
                known: None,
            };
            let result = self.client.send(&request, &(), is_wanted).await;
            if let (Some(site), Ok(response)) = (site, &result)
                && is_busy(response.status)
                && let Some(asked) = response.retry_after()
            {
                site.rest(asked);
            }
            let Some(pause) = self.pause(&result, *retries) else {
                return result;
            };
            let pause = pause.max(site.map_or(Duration::ZERO, Site::pause));
            let slept = self.stop.unless_asked(tokio::time::sleep(pause)).await;
            if slept.is_none() {
                return result;
            }
            *retries += 1;
        }
    }

    /// How long to wait before another try; none if there is to be none.
    fn pause(&self, result: &Result<Response, FetchError>, retries: u32) -> Option<Duration> {
        let may_help = match result {
            Ok(response) => is_temporary(response.status),
            Err(error) => error.is_retryable(),
        };
        if !may_help || retries >= self.retries || self.stop.is_asked() {
            return None;
        }
        let asked = result.as_ref().ok().and_then(Response::retry_after);
        asked
            .or_else(|| Some(backoff(retries)))
            .filter(|pause| *pause <= LONGEST_PAUSE)
    }

    /// Reads the `robots.txt` of the site of `url`.
    async fn robots(&self, url: &Url, agent: &str) -> Robots {
        let mut url = match url.join("/robots.txt") {
            Ok(url) => url,
            Err(error) => return Robots::Unreachable(error.to_string()),
        };
        for _ in 0..=ROBOTS_REDIRECTS {
            let response = match self.get(&url, None, is_success, &mut 0).await {
                Ok(response) => response,
                Err(error) => return Robots::Unreachable(error.to_string()),
            };
            if is_temporary(response.status) {
                let status = response.status.as_u16();
                return Robots::Failing(format!(
                    "its robots.txt cannot be read now (status {status})"
                ));
            }
            match response.location {
                Some(location) => url = location,
                None if response.status.is_success() => {
                    let robots = robots::Robots::parse(&response.body);
                    return Robots::Rules(robots.for_agent(agent));
                }
                None => break,
            }
        }
        // There is none, or it cannot be found.
        Robots::Rules(Rules::default())
    }
}

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

/// Tells whether a server asks for fewer requests.
fn is_busy(status: StatusCode) -> bool {
    status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS
}

/// Tells whether a server may well answer otherwise a little later.
fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// Half to all of a time that doubles, so that requests that failed together do not come back together.
fn backoff(retries: u32) -> Duration {
    let longest = FIRST_PAUSE
        .saturating_mul(1 << retries.min(16))
        .min(LONGEST_PAUSE);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
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
