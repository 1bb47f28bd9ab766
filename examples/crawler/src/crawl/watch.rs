//! A look at a crawl that runs, which can be taken at any time and from anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use thalweg::operators::concurrency::FrontierHandle;
use thalweg::{Holds, Plan};

use super::control::Control;
use super::fetcher::Fetcher;
use super::frontier::Queue;
use super::ledger::{Clock, Totals};
use super::stop::Stop;
use super::tally::{Latencies, SiteState, Tally};
use super::visit::Visit;
use crate::progress::Snapshot;
use crate::summary::Summary;

/// Sites that are told of, each for itself.
const BUSIEST: usize = 100;

/// Looks at a crawl. Clones look at the same.
#[derive(Debug, Clone)]
pub struct Watch {
    pub(super) queue: FrontierHandle<Visit, Queue>,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) totals: Arc<Totals>,
    pub(super) tally: Option<Arc<Tally>>,
    pub(super) control: Control,
    pub(super) stop: Stop,
    pub(super) clock: Clock,
    pub(super) plan: Plan,
    pub(super) max_pages: u64,
}

/// What a crawl is about at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It fetches.
    Running,
    /// It is paused, and what was under way comes to its end.
    Pausing,
    /// It is paused, and nothing is under way.
    Paused,
    /// It was asked to stop.
    Stopping,
}

/// Everything there is to tell of a crawl at a moment.
#[derive(Debug, Clone, Serialize)]
pub struct State {
    /// What it is about.
    pub phase: Phase,
    /// The limit of pages a second, if there is one.
    pub rate_limit: Option<f64>,
    /// The limit of pages.
    pub max_pages: u64,
    /// URLs that wait for their turn.
    pub queued: u64,
    /// Visits that are under way.
    pub in_flight: u64,
    /// Sites that had pages.
    pub sites: u64,
    /// What it has come to so far.
    pub totals: Summary,
    /// How many responses there were with each status; with 0, how often there was none.
    pub statuses: BTreeMap<u16, u64>,
    /// How long the requests took that had a response.
    pub latencies: Latencies,
    /// The sites with the most pages.
    pub busiest: Vec<SiteState>,
    /// The stages of the flow, from the sink up to the frontier.
    pub plan: Vec<StageState>,
}

/// A stage of the flow with its live numbers.
#[derive(Debug, Clone, Serialize)]
pub struct StageState {
    /// The operator.
    pub name: &'static str,
    /// Items that it may hold; `null` if it has no bound.
    pub holds: Option<usize>,
    /// What came in and went out; `null` if it does not count, because what comes in goes out at once.
    pub counts: Option<StageCounts>,
}

/// The ledger of a stage.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct StageCounts {
    /// Items that came in.
    pub received: u64,
    /// Items that went out.
    pub emitted: u64,
    /// Items that were dropped, for whatever reason.
    pub dropped: u64,
    /// Items that are within.
    pub in_flight: u64,
}

impl Watch {
    /// The means to change the crawl.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Where the crawl stands, in a few numbers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let in_flight = self.fetcher.running();
        let waiting = (self.queue.open() as u64).saturating_sub(in_flight);
        let (pages, errors) = self.totals.pages_and_errors();
        let (queued, sites) = self.queue.look(|queue| (queue.queued(), queue.sites()));
        Snapshot {
            pages,
            queued: queued as u64 + waiting,
            in_flight,
            sites: sites as u64,
            errors,
            max_pages: self.max_pages,
        }
    }

    /// All there is to tell. By site, status and latency it tells only if the crawl has a dashboard.
    #[must_use]
    pub fn state(&self) -> State {
        let snapshot = self.snapshot();
        let tally = self.tally.as_deref();
        let mut totals = self.totals.summary();
        totals.refused = self.queue.refused();
        totals.take(self.clock.elapsed());
        State {
            phase: self.phase(),
            rate_limit: self.control.rate_limit(),
            max_pages: self.max_pages,
            queued: snapshot.queued,
            in_flight: snapshot.in_flight,
            sites: tally.map_or(0, Tally::sites) as u64,
            totals,
            statuses: tally.map(Tally::statuses).unwrap_or_default(),
            latencies: tally.map(Tally::latencies).unwrap_or_default(),
            busiest: tally.map(|tally| self.busiest(tally)).unwrap_or_default(),
            plan: self.stages(),
        }
    }

    fn phase(&self) -> Phase {
        if self.stop.is_asked() || self.control.is_stopping() {
            Phase::Stopping
        } else if !self.control.is_paused() {
            Phase::Running
        } else if self.fetcher.is_idle() {
            Phase::Paused
        } else {
            Phase::Pausing
        }
    }

    fn busiest(&self, tally: &Tally) -> Vec<SiteState> {
        let mut busiest = tally.busiest(BUSIEST);
        self.queue.look(|queue| {
            for (state, site) in &mut busiest {
                state.waiting = site.as_ref().map_or(0, |site| queue.waiting(site));
            }
        });
        busiest.into_iter().map(|(state, _)| state).collect()
    }

    fn stages(&self) -> Vec<StageState> {
        let mut plan = self.plan.clone();
        plan.refresh();
        let stage = |stage: &thalweg::StagePlan| StageState {
            name: stage.name(),
            holds: match stage.holds() {
                Holds::Nothing => Some(0),
                Holds::Items(items) => Some(items),
                Holds::Unbounded => None,
            },
            counts: stage.counts().map(|counts| StageCounts {
                received: counts.received,
                emitted: counts.emitted,
                dropped: counts.dropped(),
                in_flight: counts.in_flight(),
            }),
        };
        plan.stages().iter().map(stage).collect()
    }
}
