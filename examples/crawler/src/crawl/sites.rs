//! All sites of a crawl.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use url::{Position, Url};

use super::site::{Manner, Site};

/// Sites that are remembered while nothing of theirs is queued.
const REMEMBERED: usize = 10_000;

/// All sites that have visits queued or running, and the last ones that had.
#[derive(Debug)]
pub(super) struct Sites {
    by_origin: HashMap<Box<str>, Arc<Site>>,
    /// The longest known first.
    order: VecDeque<Arc<Site>>,
}

impl Sites {
    pub(super) fn new() -> Self {
        Self {
            by_origin: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// The site of `url`; one that is new is treated in the given manner.
    pub(super) fn of<M: Into<Manner>>(
        &mut self,
        url: &Url,
        manner: impl FnOnce(&Url) -> M,
    ) -> Arc<Site> {
        let origin = &url[..Position::BeforePath];
        if let Some(site) = self.by_origin.get(origin) {
            return site.clone();
        }
        let site = Arc::new(Site::new(origin, manner(url).into()));
        self.by_origin.insert(origin.into(), site.clone());
        self.order.push_back(site.clone());
        self.forget();
        site
    }

    /// Forgets the longest known site if there are too many and nothing needs it.
    fn forget(&mut self) {
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            // One reference is here, one in the map. One that rests has to be known when it is asked again.
            if Arc::strong_count(&oldest) > 2 || oldest.is_resting() {
                self.order.push_back(oldest);
            } else {
                self.by_origin.remove(oldest.origin());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sites_without_visits_are_forgotten() {
        let mut sites = Sites::new();
        let of = |sites: &mut Sites, number: usize| {
            let url = Url::parse(&format!("http://host-{number}.test/")).expect("a URL");
            sites.of(&url, |_| Duration::ZERO)
        };
        let kept = of(&mut sites, 0);
        for number in 1..2 * REMEMBERED {
            of(&mut sites, number);
        }
        assert_eq!(sites.order.len(), sites.by_origin.len());
        assert!(sites.by_origin.len() <= REMEMBERED + 1);
        assert!(Arc::ptr_eq(&kept, &of(&mut sites, 0)), "a visit needs it");
    }
}
