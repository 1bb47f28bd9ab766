//! What pages wish, and which of these wishes are heeded.

use hyper::header::HeaderMap;

use crate::args::{Args, Wish};
use crate::html::{Page, RobotsMeta};
use crate::robots::product_token;

/// The wishes of pages that are heeded, and the name that they call the crawler by.
#[derive(Debug)]
pub(super) struct Wishes {
    agent: String,
    heeded: Vec<Wish>,
}

impl Wishes {
    pub(super) fn new(args: &Args) -> Self {
        let agent = args.fetching.user_agent.to_str().ok();
        let heeded = if args.what.ignore_robots {
            // Who ignores what robots are asked for ignores this, too; a canonical address is meant for all.
            let all = args.obey.obey.iter().copied();
            all.filter(|wish| *wish == Wish::Canonical).collect()
        } else {
            args.obey.obey.clone()
        };
        Self {
            agent: agent.and_then(product_token).unwrap_or_default().to_owned(),
            heeded,
        }
    }

    /// The product token by which pages may speak to this crawler alone.
    pub(super) fn agent(&self) -> &str {
        &self.agent
    }

    pub(super) fn heed_nofollow(&self) -> bool {
        self.heeds(Wish::Nofollow)
    }

    pub(super) fn heed_canonical(&self) -> bool {
        self.heeds(Wish::Canonical)
    }

    /// What a page and the headers of its response ask for.
    pub(super) fn of_page(&self, page: &Page<'_>, headers: &HeaderMap) -> RobotsMeta {
        let mut asked = RobotsMeta::default();
        if self.heeds(Wish::Meta) {
            asked = asked | page.robots;
        }
        if self.heeds(Wish::Header) {
            let values = headers.get_all("x-robots-tag").iter();
            for value in values.filter_map(|value| value.to_str().ok()) {
                asked = asked | RobotsMeta::of_header(value, &self.agent);
            }
        }
        asked
    }

    fn heeds(&self, wish: Wish) -> bool {
        self.heeded.contains(&wish)
    }
}
