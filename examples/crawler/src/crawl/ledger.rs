//! The end of the flow: counts what happened, and writes the pages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thalweg::Sink;
use tokio::time::Instant;
use url::Url;

use super::event::CrawlEvent;
use super::folder::Folder;
use super::folder_error::FolderError;
use super::frontier::Numbers;
use super::visit::Step;
use crate::summary::Summary;

/// The numbers of a crawl while it goes on.
#[derive(Debug, Default)]
pub(super) struct Totals {
    summary: Mutex<Summary>,
    lost_seeds: Mutex<Vec<String>>,
    hints: Mutex<Vec<String>>,
}

impl Totals {
    pub(super) fn summary(&self) -> Summary {
        *lock(&self.summary)
    }

    /// Goes on from what the runs before have come to.
    pub(super) fn go_on(&self, before: &Numbers) {
        let mut summary = lock(&self.summary);
        for kind in Summary::KINDS {
            for (name, count) in before.of_kind(kind) {
                summary.set_count(kind, name, count);
            }
        }
    }

    pub(super) fn pages_and_errors(&self) -> (u64, u64) {
        let summary = lock(&self.summary);
        (summary.pages, summary.errors)
    }

    /// Notes that a URL that was given could not be fetched.
    pub(super) fn lose_seed(&self, url: &Url, why: &str) {
        lock(&self.lost_seeds).push(format!("{url} was not fetched: {why}"));
    }

    /// Notes that a URL that was given leads out of the crawl's scope, where it would have to begin instead.
    pub(super) fn leave_scope(&self, url: &Url, target: &Url) {
        lock(&self.hints).push(format!(
            "{url} leads to {target}, which is out of scope: start there, or use --scope domain"
        ));
    }

    pub(super) fn hints(&self) -> Vec<String> {
        lock(&self.hints).clone()
    }

    pub(super) fn lost_seeds(&self) -> Vec<String> {
        lock(&self.lost_seeds).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts events, and writes them to the folder of the crawl if it has one.
#[derive(Debug)]
pub(super) struct Ledger {
    totals: Arc<Totals>,
    folder: Option<Folder>,
    /// When the time that counts as the crawl's began: earlier by that of the runs before.
    clock: Clock,
}

impl Ledger {
    pub(super) fn new(folder: Option<Folder>, totals: Arc<Totals>, clock: Clock) -> Self {
        Self {
            totals,
            folder,
            clock,
        }
    }

    fn count(&self, events: &[CrawlEvent]) {
        let mut summary = lock(&self.totals.summary);
        for event in events {
            match event {
                CrawlEvent::Page {
                    record,
                    retries,
                    rejections,
                    ..
                } => {
                    summary.record(record);
                    summary.rejected.add(rejections);
                    summary.retries += u64::from(*retries);
                }
                CrawlEvent::Sitemap {
                    retries,
                    rejections,
                    ..
                } => {
                    summary.sitemaps += 1;
                    summary.rejected.add(rejections);
                    summary.retries += u64::from(*retries);
                }
                CrawlEvent::Denied(url) => summary.rejected.count(url.reason),
                CrawlEvent::Postponed => {}
            }
        }
    }
}

impl Sink<Step> for Ledger {
    type Error = FolderError;

    async fn write(&mut self, batch: &mut Vec<Step>) -> Result<(), FolderError> {
        // Taken at once: a batch that is offered again is a new one.
        let mut events = Vec::with_capacity(batch.len());
        let mut underway = Vec::with_capacity(batch.len());
        for step in batch.drain(..) {
            let Step {
                event, id, found, ..
            } = step;
            events.push(event);
            underway.push(step.underway);
            if let Some(folder) = &mut self.folder {
                folder.done(id);
                for found in &found {
                    folder.found(found);
                }
            }
        }
        let written = match &mut self.folder {
            Some(folder) => folder.append(&mut events).await,
            None => Ok(()),
        };
        self.count(&events);
        drop(underway);
        written?;
        let Some(folder) = &mut self.folder else {
            return Ok(());
        };
        let (totals, clock) = (self.totals.summary(), self.clock);
        let committed = folder.commit(|numbers| {
            totals.counts(|kind, name, count| numbers.set(kind, name, count));
            numbers.set(CLOCK, ELAPSED, clock.elapsed_ms());
        });
        committed.await
    }

    async fn close(&mut self) -> Result<(), FolderError> {
        match &mut self.folder {
            Some(folder) => folder.close().await,
            None => Ok(()),
        }
    }
}

/// How the log calls the time that the crawl takes, in milliseconds.
const CLOCK: &str = "clock";
const ELAPSED: &str = "elapsed_ms";

/// Tells how long a crawl takes, in all its runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: Instant,
    before: Duration,
}

impl Clock {
    /// Starts after the runs that have counted this.
    pub(super) fn after(before: &Numbers) -> Self {
        Self {
            started: Instant::now(),
            before: Duration::from_millis(before.get(CLOCK, ELAPSED)),
        }
    }

    pub(super) fn elapsed(self) -> Duration {
        self.before + self.started.elapsed()
    }

    fn elapsed_ms(self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_of_earlier_runs_counts() {
        let mut before = Numbers::default();
        before.set(CLOCK, ELAPSED, 5_000);
        let clock = Clock::after(&before);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(clock.elapsed_ms(), 7_000);
    }
}
