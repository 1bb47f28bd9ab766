//! The flow behind the page: from looks at the crawl and samples of what it tells to events of the hub.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use thalweg::prelude::*;
use thalweg::sinks::ws::hub::Event;
use thalweg::sources::interval_now;
use thalweg::{Flow, Observable};

use super::recent::Recent;
use crate::crawl::{CrawlEvent, Feed};
use crate::output::PageRecord;

/// How often the state is told.
const STATE: Duration = Duration::from_secs(1);

/// How often a page is told; of those between, nobody could read one anyway.
const SAMPLE: Duration = Duration::from_millis(50);

/// Errors that may wait to be told, and how many a second are.
const ERRORS: u32 = 20;

/// What is shown of a page.
#[derive(Debug, Serialize)]
struct Row<'a> {
    url: &'a str,
    status: Option<u16>,
    depth: u32,
    bytes: u64,
    elapsed_ms: u64,
    title: Option<&'a str>,
    referrer: Option<&'a str>,
    error: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of(record: &'a PageRecord) -> Self {
        Self {
            url: &record.url,
            status: record.status,
            depth: record.depth,
            bytes: record.bytes,
            elapsed_ms: record.elapsed_ms,
            title: record.title.as_deref(),
            referrer: record.referrer.as_deref(),
            error: record.error.as_deref(),
        }
    }
}

/// All that the page is told, until the flow is stopped.
pub(super) fn events(
    recent: &Arc<Recent>,
    feed: &Feed,
) -> Flow<impl Observable<Item = Event, Error = serde_json::Error> + Send + 'static> {
    let state = {
        let recent = recent.clone();
        interval_now(STATE).map(move |_| Event::json("state", &recent.look()))
    };
    // A subscription for each page that is told: while there is none, the crawl copies nothing.
    let pages = {
        let (recent, feed) = (recent.clone(), feed.clone());
        interval_now(SAMPLE)
            .exhaust_map(move |_| feed.subscribe(1).flow().take(1))
            .filter_map(move |event| told("page", &event, |page| recent.page(page)))
    };
    let errors = {
        let recent = recent.clone();
        feed.subscribe_to_errors(ERRORS as usize)
            .flow()
            .pace(ERRORS, Duration::from_secs(1))
            .filter_map(move |event| told("error", &event, |error| recent.error(error)))
    };
    state.merge(pages).merge(errors).raise()
}

/// Makes an event of a page, and has it remembered.
fn told(
    topic: &'static str,
    event: &CrawlEvent,
    remember: impl Fn(Value),
) -> Option<serde_json::Result<Event>> {
    let CrawlEvent::Page { record, .. } = event else {
        return None;
    };
    Some(serde_json::to_value(Row::of(record)).and_then(|row| {
        let event = Event::json(topic, &row)?;
        remember(row);
        Ok(event)
    }))
}
