//! The end of the flow: counts what happened, and writes the pages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thalweg::Sink;
use url::Url;

use super::event::CrawlEvent;
use crate::output::{OutputError, Outputs};
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
        lock(&self.summary).clone()
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

/// Counts events, and writes them to the outputs if there are any.
#[derive(Debug)]
pub(super) struct Ledger {
    totals: Arc<Totals>,
    outputs: Option<Outputs>,
}

impl Ledger {
    pub(super) fn new(outputs: Option<Outputs>, totals: Arc<Totals>) -> Self {
        Self { totals, outputs }
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
                CrawlEvent::Denied(url) => summary.rejected.count(url.reason),
                CrawlEvent::Postponed => {}
            }
        }
    }
}

impl Sink<CrawlEvent> for Ledger {
    type Error = OutputError;

    async fn write(&mut self, batch: &mut Vec<CrawlEvent>) -> Result<(), OutputError> {
        // Taken at once: a batch that is offered again is a new one.
        let mut events = std::mem::take(batch);
        let written = match &mut self.outputs {
            Some(outputs) => outputs.write(&mut events).await,
            None => Ok(()),
        };
        self.count(&events);
        written
    }

    async fn flush(&mut self) -> Result<(), OutputError> {
        match &mut self.outputs {
            Some(outputs) => outputs.flush().await,
            None => Ok(()),
        }
    }

    async fn close(&mut self) -> Result<(), OutputError> {
        match &mut self.outputs {
            Some(outputs) => outputs.close().await,
            None => Ok(()),
        }
    }
}
