//! Whose turn it is: a request that waits until neither its site nor the address there is asked too fast.

use tokio::time::{Instant, sleep_until};

use super::address::Visitor;
use super::site::Site;
use crate::fetch::Turn;

/// The turn of a request to a site, at an address that is spared too if there is one.
pub(super) struct SiteTurn<'a> {
    pub(super) site: &'a Site,
    pub(super) visitor: Option<Visitor>,
}

impl SiteTurn<'_> {
    fn claim(&self, now: Instant) -> Result<(), Instant> {
        // The address first: it has other sites to wait for, so that its turn is the harder to get.
        if let Some(visitor) = &self.visitor {
            visitor.claim(now)?;
        }
        self.site.claim(now)
    }
}

impl Turn for SiteTurn<'_> {
    async fn take(&self) {
        while let Err(next) = self.claim(Instant::now()) {
            sleep_until(next).await;
        }
    }
}
