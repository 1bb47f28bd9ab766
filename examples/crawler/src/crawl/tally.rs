//! Counts by site, status and latency, for those who watch a crawl.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::Serialize;

use super::event::CrawlEvent;
use super::site::Site;
use crate::output::PageRecord;

/// Sites that are counted each for itself; the pages of more count in the totals alone.
const SITES: usize = 20_000;

/// The upper ends of the classes of latencies, in milliseconds; what is longer is a class of its own.
pub(crate) const LATENCIES: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/// How much a new latency counts in the mean of a site: an eighth.
const WEIGHT: f64 = 0.125;

/// What happened in a crawl. It costs a look at a map a page, so there is one only if somebody may look at it.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    statuses: BTreeMap<u16, u64>,
    latencies: Latencies,
    sites: HashMap<Box<str>, SiteCounts>,
}

#[derive(Debug)]
struct SiteCounts {
    /// It may be forgotten when it has no visits.
    site: Weak<Site>,
    pages: u64,
    errors: u64,
    delay: Duration,
    latency_ms: Option<f64>,
}

/// How many requests took how long.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latencies {
    /// One for each class, the shortest first.
    pub counts: [u64; LATENCIES.len() + 1],
    /// All of them together, in milliseconds.
    pub sum_ms: u64,
}

/// A site that is crawled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SiteState {
    /// Scheme, host and port.
    pub site: String,
    /// URLs that were requested.
    pub pages: u64,
    /// Those that failed.
    pub errors: u64,
    /// URLs that wait for their turn, or are under way.
    pub waiting: usize,
    /// The pause between two requests, in milliseconds, as it was at the last page.
    pub delay_ms: u64,
    /// The mean of the last requests, in milliseconds; none if there was no response.
    pub latency_ms: Option<f64>,
}

impl Tally {
    pub(super) fn count(&self, site: &Arc<Site>, event: &CrawlEvent) {
        let CrawlEvent::Page { record, .. } = event else {
            return;
        };
        let mut counts = self.lock();
        if record.status.is_some() {
            counts.latencies.count(record.elapsed_ms);
        }
        // 0 stands for no response.
        *counts
            .statuses
            .entry(record.status.unwrap_or_default())
            .or_default() += 1;
        let origin = site.origin();
        if let Some(known) = counts.sites.get_mut(origin) {
            known.count(site, record);
        } else if counts.sites.len() < SITES {
            let mut new = SiteCounts::of(site);
            new.count(site, record);
            counts.sites.insert(origin.into(), new);
        }
    }

    /// How many responses there were with each status; with 0, how often there was none.
    pub(super) fn statuses(&self) -> BTreeMap<u16, u64> {
        self.lock().statuses.clone()
    }

    pub(super) fn latencies(&self) -> Latencies {
        self.lock().latencies.clone()
    }

    /// Counts the sites that had pages.
    pub(super) fn sites(&self) -> usize {
        self.lock().sites.len()
    }

    /// The `most` sites with the most pages, as far as is known here, and themselves if they are not forgotten.
    pub(super) fn busiest(&self, most: usize) -> Vec<(SiteState, Option<Arc<Site>>)> {
        let counts = self.lock();
        let sites = counts.sites.iter();
        let mut all: Vec<_> = sites.map(|(origin, counts)| (&**origin, counts)).collect();
        let order = |one: &(&str, &SiteCounts), other: &(&str, &SiteCounts)| {
            other.1.pages.cmp(&one.1.pages).then(one.0.cmp(other.0))
        };
        if all.len() > most {
            all.select_nth_unstable_by(most, order);
            all.truncate(most);
        }
        all.sort_unstable_by(order);
        all.into_iter()
            .map(|(origin, counts)| (counts.state(origin), counts.site.upgrade()))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Every change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SiteCounts {
    fn of(site: &Arc<Site>) -> Self {
        Self {
            site: Arc::downgrade(site),
            pages: 0,
            errors: 0,
            delay: Duration::ZERO,
            latency_ms: None,
        }
    }

    fn count(&mut self, site: &Arc<Site>, record: &PageRecord) {
        if self.site.as_ptr() != Arc::as_ptr(site) {
            // It was forgotten meanwhile, and found again.
            self.site = Arc::downgrade(site);
        }
        self.pages += 1;
        self.delay = site.delay();
        self.errors += u64::from(is_error(record));
        if record.status.is_some() {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of a request")]
            let latency = record.elapsed_ms as f64;
            let mean = self.latency_ms.get_or_insert(latency);
            *mean += (latency - *mean) * WEIGHT;
        }
    }

    fn state(&self, origin: &str) -> SiteState {
        SiteState {
            site: origin.to_owned(),
            pages: self.pages,
            errors: self.errors,
            waiting: 0,
            delay_ms: u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX),
            latency_ms: self.latency_ms.map(|mean| (mean * 10.0).round() / 10.0),
        }
    }
}

impl Latencies {
    fn count(&mut self, elapsed_ms: u64) {
        let class = LATENCIES.partition_point(|&end| end < elapsed_ms);
        self.counts[class] += 1;
        self.sum_ms += elapsed_ms;
    }
}

/// Tells whether a request counts as an error.
pub(super) fn is_error(record: &PageRecord) -> bool {
    record.status.is_none_or(|status| status >= 400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_belongs_to_the_first_class_that_ends_with_it_or_later() {
        let mut latencies = Latencies::default();
        for elapsed_ms in [0, 1, 2, 3, 5000, 5001] {
            latencies.count(elapsed_ms);
        }
        assert_eq!(latencies.counts[..3], [2, 1, 1]);
        assert_eq!(latencies.counts[11..], [1, 1]);
        assert_eq!(latencies.sum_ms, 10_007);
    }
}
