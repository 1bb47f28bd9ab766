//! The live feed: what happens in a crawl, for whoever listens.

use std::convert::Infallible;
use std::sync::Arc;

use thalweg::hub::{Delivery, Hub, HubSender, Subscriber, hub};
use thalweg::{Meter, StageId};

use super::event::CrawlEvent;
use super::site::Site;
use super::tally::{Tally, is_error};

/// Hands out subscriptions to the events of a crawl. Clones are of the same feed.
///
/// A crawl never waits for its audience: who falls behind misses events, and is told how many.
#[derive(Debug, Clone)]
pub struct Feed {
    all: Hub<CrawlEvent, Infallible>,
    /// The pages that failed, for those who want no others.
    errors: Hub<CrawlEvent, Infallible>,
}

/// The side of a feed that tells. Dropping it completes the feed.
#[derive(Debug)]
pub(super) struct Teller {
    all: HubSender<CrawlEvent, Infallible>,
    errors: HubSender<CrawlEvent, Infallible>,
    feed: Feed,
    tally: Option<Arc<Tally>>,
}

impl Feed {
    /// Creates a feed, with the side that tells; what it tells counts in `tally`.
    pub(super) fn new(tally: Option<Arc<Tally>>) -> (Self, Teller) {
        // The capacity binds lossless subscribers only, and there are none.
        let (all, all_hub) = hub(StageId::here("feed"), 1, Meter::new());
        let (errors, errors_hub) = hub(StageId::here("errors"), 1, Meter::new());
        let feed = Self {
            all: all_hub,
            errors: errors_hub,
        };
        let teller = Teller {
            all,
            errors,
            feed: feed.clone(),
            tally,
        };
        (feed, teller)
    }

    /// Subscribes to the events from now on; the subscriber may be behind by `lag` of them.
    ///
    /// While there are subscribers each event is copied. So who wants a sample subscribes for each item of it.
    #[must_use]
    pub fn subscribe(&self, lag: usize) -> Subscriber<CrawlEvent, Infallible> {
        self.all.subscribe(Delivery::Lag(lag))
    }

    /// Subscribes to the pages that fail from now on; the subscriber may be behind by `lag` of them.
    #[must_use]
    pub fn subscribe_to_errors(&self, lag: usize) -> Subscriber<CrawlEvent, Infallible> {
        self.errors.subscribe(Delivery::Lag(lag))
    }
}

impl Teller {
    /// Tells an event of a site; costs next to nothing while nobody listens.
    pub(super) fn tell(&mut self, site: &Arc<Site>, event: &CrawlEvent) {
        if let Some(tally) = &self.tally {
            tally.count(site, event);
        }
        if self.feed.all.subscribers() > 0 {
            self.all.send_batch(vec![event.clone()]);
        }
        if matches!(event, CrawlEvent::Page { record, .. } if is_error(record))
            && self.feed.errors.subscribers() > 0
        {
            self.errors.send_batch(vec![event.clone()]);
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.all.end(Ok(()));
        self.errors.end(Ok(()));
    }
}
