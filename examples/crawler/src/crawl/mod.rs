//! The crawl, as a flow: a frontier of visits, polite fetching, the links that lead on, and the sinks.

mod address;
mod admission;
mod allowance;
mod control;
mod earlier;
mod event;
mod feed;
mod fetcher;
mod finds;
mod folder;
mod folder_error;
mod follow;
mod frontier;
mod ledger;
mod links;
mod listed;
mod pace;
mod rejection;
mod robots_txt;
mod site;
mod sitemaps;
mod sites;
mod stop;
mod tally;
mod traps;
mod trouble;
mod turn;
mod visit;
mod watch;
mod wishes;
mod written;

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thalweg::operators::concurrency::{FrontierHandle, KeyLimits, Store, Work, frontier_in};
use thalweg::operators::terminal::{RunError, RunHandle};
use thalweg::{Fault, Plan};
use tokio::time::Instant;

pub(crate) use self::address::Limits;
pub use self::control::Control;
pub use self::earlier::{Earlier, EarlierError};
pub use self::event::CrawlEvent;
pub use self::feed::Feed;
use self::fetcher::Fetcher;
pub use self::folder::Folder;
use self::folder::Start;
pub use self::folder_error::FolderError;
use self::follow::Follow;
pub use self::frontier::LogError;
use self::frontier::{Found, Key, Numbers, Queue};
use self::ledger::{Clock, Ledger, Totals};
pub(crate) use self::pace::Policy;
pub use self::rejection::{RejectedUrl, Rejection, Rejections};
pub(crate) use self::site::Manner;
use self::site::Site;
pub use self::sitemaps::SitemapRecord;
use self::stop::Stop;
pub(crate) use self::tally::LATENCIES;
use self::tally::Tally;
pub use self::tally::{Latencies, SiteState};
use self::visit::Visit;
pub use self::watch::{Phase, StageCounts, StageState, State, Watch};
use crate::args::Args;
use crate::summary::{End, Summary};

/// Visits that may be queued: with URLs of the usual lengths, less than a GiB.
const QUEUE: usize = 20_000_000;

/// Visits that may wait for their site to be ready. The queue gives each site its turn, so these are of many sites.
const WAITING: usize = 65_536;

/// How long running requests may still take once the crawl is asked to stop; then they are cut off.
const GRACE: Duration = Duration::from_secs(4);

/// How long the end may take after that: the last pages are written and the file is closed.
const CLOSE: Duration = Duration::from_secs(1);

/// The queue of a crawl. Of each site so much is out that the next visits wait where they are timed.
fn queue(args: &Args) -> Queue {
    Queue::new(QUEUE, args.speed.per_host.saturating_mul(2).max(4))
}

/// A crawl that runs, in tasks of the runtime it was started on.
///
/// # Examples
///
/// ```
/// use crawler::{args::Args, crawl::Crawl, demo::Demo};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let demo = Demo::start()?;
/// let args = Args::read(["crawler", demo.url().as_str()])?;
/// let mut crawl = Crawl::start(&args, None);
/// crawl.end().await?;
/// assert_eq!(crawl.summary().ok, 62);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Crawl {
    run: RunHandle<Fault<Infallible>, FolderError>,
    queue: FrontierHandle<Visit, Queue>,
    fetcher: Arc<Fetcher>,
    totals: Arc<Totals>,
    tally: Option<Arc<Tally>>,
    feed: Feed,
    control: Control,
    max_pages: u64,
    stop: Stop,
    clock: Clock,
    /// The runs before have left nothing to do.
    is_finished: bool,
    /// When what is still running will be cut off.
    deadline: Option<Instant>,
    /// When the crawl has taken as long as it may.
    time_limit: Option<Instant>,
    summary: Summary,
}

impl Crawl {
    /// Starts a crawl of the URLs of `args`, or goes on with the one in `folder`, which all that happens is written to.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    #[must_use = "a crawl is to be waited for"]
    pub fn start(args: &Args, folder: Option<Folder>) -> Self {
        Self::start_again(args, folder, Earlier::default())
    }

    /// Starts a crawl as [`start`](Self::start) does, and asks only for what has changed since an earlier one.
    ///
    /// A page that is still the same leads to where it led then.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use = "a crawl is to be waited for"]
    pub fn start_again(args: &Args, mut folder: Option<Folder>, earlier: Earlier) -> Self {
        let earlier = Arc::new(earlier);
        let start = folder.as_mut().and_then(Folder::take_start);
        let Start {
            mut admission,
            queue,
        } = start.unwrap_or_else(|| Start::anew(args, Key::random()));
        let mut seeds: Vec<Visit> = Vec::with_capacity(args.urls.len());
        for url in &args.urls {
            seeds.extend(admission.seed(url.clone()));
        }
        for url in &args.what.sitemap {
            seeds.extend(admission.seed_sitemap(url.clone()));
        }
        let is_finished = folder.is_some() && seeds.is_empty() && queue.is_empty();
        let totals = Arc::new(Totals::default());
        let mut clock = Clock::after(&Numbers::default());
        if let Some(folder) = &mut folder {
            totals.go_on(folder.before());
            clock = Clock::after(folder.before());
            for found in Found::all(&seeds) {
                folder.found(&found);
            }
        }

        let stop = Stop::default();
        let before = totals.summary();
        let fetcher = Arc::new(Fetcher::new(args, &before, earlier.clone(), stop.clone()));
        let is_watched = args.run.dashboard.is_some() || args.run.dry_run;
        let tally = is_watched.then(Arc::default);
        let (feed, mut teller) = Feed::new(tally.clone());
        let control = Control::new(args.speed.max_rate);
        let mut follow = Follow::new(args, admission, earlier, folder.is_some(), totals.clone());
        let ledger = Ledger::new(folder, totals.clone(), clock);

        let politeness = KeyLimits::new(args.speed.concurrency)
            .per_key(args.speed.per_host)
            .delay_by(|site: &Arc<Site>| site.pause())
            .waiting(WAITING)
            .valve(control.valve())
            .unordered()
            .drop_waiting_on_stop();
        let worker = fetcher.clone();

        let frontier = frontier_in(queue, seeds);
        let queue = frontier.handle();
        let run = frontier
            .par_map_by_key(site, politeness, move |work| worker.clone().fetch(work))
            .map(move |fetched| (fetched.visit.site.clone(), follow.step(fetched)))
            .filter(|(_, step)| !matches!(step.event, CrawlEvent::Postponed))
            .map(move |(site, step)| {
                teller.tell(&site, &step.event);
                step
            })
            .spawn_into(ledger);
        Self {
            run,
            queue,
            fetcher,
            totals,
            tally,
            feed,
            control,
            max_pages: args.what.max_pages,
            stop,
            clock,
            is_finished,
            deadline: None,
            time_limit: args
                .limits
                .max_time
                .and_then(|time| Instant::now().checked_add(time)),
            summary: Summary::default(),
        }
    }

    /// Waits until nothing is left to fetch, a limit is reached, or a [`stop`](Self::stop) has come to its end.
    ///
    /// # Errors
    ///
    /// [`CrawlError`] if the crawl broke off. What was written by then is kept.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future lets the crawl go on; wait again. Not to be called after it was ready.
    pub async fn end(&mut self) -> Result<(), CrawlError> {
        let mut at_limit = false;
        let end = loop {
            tokio::select! {
                end = self.run.join() => break end,
                () = self.fetcher.allowance.spent(), if !at_limit => {
                    at_limit = true;
                    self.run.request_stop();
                }
                () = self.control.stop_wanted(), if !self.is_stopping() => self.stop(),
                () = until(self.time_limit) => {
                    self.time_limit = None;
                    self.deadline = Some(Instant::now() + GRACE);
                    self.fetcher.allowance.end();
                }
                () = until(self.deadline) => {
                    self.deadline = if self.stop.was_cut() {
                        // What hangs even now hangs in the sink.
                        self.run.abort();
                        None
                    } else {
                        self.stop.cut();
                        self.deadline.map(|deadline| deadline + CLOSE)
                    };
                }
            }
        };
        let why = match &end {
            Err(_) => End::Failed,
            Ok(_) if self.stop.is_asked() => End::Stopped,
            Ok(_) if self.fetcher.allowance.is_spent() => End::Limit,
            Ok(_) => End::Complete,
        };
        self.summary = self.totals.summary();
        self.summary.refused = self.queue.refused();
        self.summary.finish(why, self.clock.elapsed());
        end.map(drop).map_err(CrawlError)
    }

    /// Tells whether there was nothing left to do when it was started, because it goes on with one that is finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Asks the crawl to end within five seconds: nothing new is begun, and running requests may come to their end.
    pub fn stop(&mut self) {
        if !self.is_stopping() {
            self.deadline = Some(Instant::now() + GRACE);
            self.stop.ask();
            self.run.request_stop();
        }
    }

    /// Tells whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_asked()
    }

    /// Ends the crawl at once; running requests are dropped.
    pub fn abort(&self) {
        self.run.abort();
    }

    /// The totals; complete once [`end`](Self::end) was ready.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What became of the seeds that could not be fetched, a line for each.
    #[must_use]
    pub fn lost_seeds(&self) -> Vec<String> {
        self.totals.lost_seeds()
    }

    /// What the user may want to change, a line for each.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        self.totals.hints()
    }

    /// The feed of what happens, for a dashboard.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The stages of the crawl with their live numbers.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.run.snapshot()
    }

    /// A look at where the crawl stands, which can be taken at any time.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch {
            queue: self.queue.clone(),
            fetcher: self.fetcher.clone(),
            totals: self.totals.clone(),
            tally: self.tally.clone(),
            control: self.control.clone(),
            stop: self.stop.clone(),
            clock: self.clock,
            plan: self.plan(),
            max_pages: self.max_pages,
        }
    }

    /// The means to pause the crawl, to change its rate and to stop it.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }
}

/// Whom a visit has to be polite to.
fn site(work: &Work<Visit, Queue>) -> Arc<Site> {
    work.site.clone()
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Why a crawl broke off.
#[derive(Debug)]
pub struct CrawlError(RunError<Fault<Infallible>, FolderError>);

impl fmt::Display for CrawlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            RunError::Aborted(_) => formatter.write_str(
                "the last pages may be lost: the output had not taken them 5 s after the stop",
            ),
            other => other.fmt(formatter),
        }
    }
}

impl Error for CrawlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
