//! From a visit to a response: robots.txt, the request, and trying again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use thalweg::operators::concurrency::Work;
use url::Url;

use super::Queue;
use super::allowance::Allowance;
use super::site::{Permission, Robots};
use super::stop::Stop;
use super::visit::{Fetched, Outcome, Visit};
use crate::args::Args;
use crate::fetch::{Client, FetchError, Response};
use crate::robots::{self, Rules, product_token};

/// Redirects in a row that lead to a `robots.txt`, as RFC 9309 asks for.
const ROBOTS_REDIRECTS: usize = 5;

/// About how long it takes until the first request that failed is made again; then twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause before a request is made again. It is spent in the site's turn, which spares a server in trouble;
/// so it is short, and where the server asks for a longer one the request is not made again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Fetches, one visit at a time in each of many tasks.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    /// The name to look for in robots.txt; none to ignore it.
    agent: Option<String>,
    retries: u32,
    pub(super) allowance: Allowance,
    stop: Stop,
    running: AtomicU64,
}

impl Fetcher {
    pub(super) fn new(args: &Args, stop: Stop) -> Self {
        let name = args.user_agent.to_str().ok().and_then(product_token);
        Self {
            client: Client::new(args.client_config()),
            agent: (!args.ignore_robots).then(|| name.unwrap_or_default().to_owned()),
            retries: args.retries,
            allowance: Allowance::new(args.max_pages),
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
            let outcome = tokio::select! {
                biased;
                outcome = self.visit(&visit, pause, &mut retries) => outcome,
                () = self.stop.is_cut() => {
                    Outcome::Failed("cut off when the crawl was stopped".to_owned())
                }
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

    async fn visit(&self, visit: &Visit, pause: Duration, retries: &mut u32) -> Outcome {
        if let Some(agent) = &self.agent {
            // Boxed, because it is large and rare.
            let read = async || Box::pin(self.robots(&visit.url, agent)).await;
            match visit.site.permission(&visit.url, pause, read).await {
                Permission::Granted => {}
                Permission::Denied(why) => return Outcome::Denied(why),
                Permission::TooEarly => return Outcome::TooEarly,
                Permission::Unreachable(why) if self.allowance.take() => {
                    return Outcome::Failed(why);
                }
                Permission::Unreachable(_) => return Outcome::Surplus,
            }
        }
        if !self.allowance.take() {
            return Outcome::Surplus;
        }
        match self.get(&visit.url, is_page, retries).await {
            Ok(response) => Outcome::Response(Box::new(response)),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    /// Requests `url`, again if that may help, as often as is allowed.
    async fn get(
        &self,
        url: &Url,
        is_wanted: fn(StatusCode, &HeaderMap) -> bool,
        retries: &mut u32,
    ) -> Result<Response, FetchError> {
        loop {
            let result = self.client.get(url, is_wanted).await;
            let Some(pause) = self.pause(&result, *retries) else {
                return result;
            };
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
            let response = match self.get(&url, is_success, &mut 0).await {
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

/// Tells whether a response is worth reading: a page that may have links.
fn is_page(status: StatusCode, headers: &HeaderMap) -> bool {
    status.is_success()
        && headers
            .get(CONTENT_TYPE)
            .is_none_or(|kind| is_html(kind.as_bytes()))
}

/// Tells whether a `Content-Type` is that of a page.
pub(super) fn is_html(content_type: &[u8]) -> bool {
    let kind = content_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    let kind = kind.trim_ascii();
    kind.eq_ignore_ascii_case(b"text/html") || kind.eq_ignore_ascii_case(b"application/xhtml+xml")
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
