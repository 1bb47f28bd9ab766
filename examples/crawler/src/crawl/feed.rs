//! The live feed: what happens in a crawl, for whoever listens.

use std::convert::Infallible;

use thalweg::hub::{Delivery, Hub, HubSender, Subscriber, hub};
use thalweg::{Meter, StageId};

use super::event::CrawlEvent;

/// Hands out subscriptions to the events of a crawl. Clones are of the same feed.
///
/// A crawl never waits for its audience: who falls behind misses events, and is told how many.
#[derive(Debug, Clone)]
pub struct Feed(Hub<CrawlEvent, Infallible>);

/// The side of a feed that tells. Dropping it completes the feed.
#[derive(Debug)]
pub(super) struct Teller {
    sender: HubSender<CrawlEvent, Infallible>,
    feed: Feed,
}

impl Feed {
    /// Creates a feed, with the side that tells.
    pub(super) fn new() -> (Self, Teller) {
        // The capacity binds lossless subscribers only, and there are none.
        let (sender, hub) = hub(StageId::here("feed"), 1, Meter::new());
        let feed = Self(hub);
        let teller = Teller {
            sender,
            feed: feed.clone(),
        };
        (feed, teller)
    }

    /// Subscribes to the events from now on; the subscriber may be behind by `lag` of them.
    #[must_use]
    pub fn subscribe(&self, lag: usize) -> Subscriber<CrawlEvent, Infallible> {
        self.0.subscribe(Delivery::Lag(lag))
    }
}

impl Teller {
    /// Tells an event; costs next to nothing while nobody listens.
    pub(super) fn tell(&mut self, event: &CrawlEvent) {
        if self.feed.0.subscribers() > 0 {
            self.sender.send_batch(vec![event.clone()]);
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.sender.end(Ok(()));
    }
}
