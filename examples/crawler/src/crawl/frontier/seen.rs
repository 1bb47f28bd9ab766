//! Which URLs are known already.

use super::fingerprint::{Fingerprint, Key, SHARD_BITS};

/// A set of URLs that takes eleven bytes for each, whatever their length: it keeps their [`Fingerprint`]s.
#[derive(Debug)]
pub(in crate::crawl) struct Seen {
    key: Key,
    /// Many small tables, so that only one of them grows at a time, and what grows is in the cache.
    shards: Box<[Shard]>,
}

/// An open table. Its slots stand in the order of the hash, so that it grows by a copy from the front to the back.
#[derive(Clone, Debug, Default)]
struct Shard {
    /// 0 where there is nothing.
    slots: Box<[u64]>,
    used: usize,
}

impl Seen {
    pub(in crate::crawl) fn new(key: Key) -> Self {
        Self {
            key,
            shards: vec![Shard::default(); 1 << SHARD_BITS].into(),
        }
    }

    /// What `url` would be known by.
    pub(in crate::crawl) fn fingerprint(&self, url: &str) -> Fingerprint {
        self.key.fingerprint(url)
    }

    pub(in crate::crawl) fn contains(&self, url: Fingerprint) -> bool {
        let shard = &self.shards[usize::from(url.shard)];
        !shard.slots.is_empty() && shard.slots[shard.slot(url.rest)] == url.rest
    }

    /// Adds a URL; `false` if it was there.
    pub(in crate::crawl) fn insert(&mut self, url: Fingerprint) -> bool {
        self.shards[usize::from(url.shard)].insert(url.rest)
    }
}

impl Shard {
    /// Where `rest` is, or where it would go. There is always a free slot.
    fn slot(&self, rest: u64) -> usize {
        let count = self.slots.len();
        let wide = u128::from(rest) * count as u128;
        // Below the count of slots.
        let mut slot = usize::try_from(wide >> 64).unwrap_or_default();
        while self.slots[slot] != rest && self.slots[slot] != 0 {
            slot += 1;
            if slot == count {
                slot = 0;
            }
        }
        slot
    }

    fn insert(&mut self, rest: u64) -> bool {
        // Four fifths full at most: beyond that the way to a free slot becomes long.
        if self.used * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        let slot = self.slot(rest);
        if self.slots[slot] == rest {
            return false;
        }
        self.slots[slot] = rest;
        self.used += 1;
        true
    }

    fn grow(&mut self) {
        let count = (self.slots.len() + self.slots.len() / 4).max(8);
        let before = std::mem::replace(&mut self.slots, vec![0; count].into());
        for &rest in before.iter().filter(|rest| **rest != 0) {
            let slot = self.slot(rest);
            self.slots[slot] = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_known_and_nothing_else() {
        let mut seen = Seen::new(Key::random());
        let urls: Vec<Fingerprint> = (0..100_000)
            .map(|number| seen.fingerprint(&format!("http://river.test/{number}")))
            .collect();
        for &url in &urls {
            assert!(!seen.contains(url));
            assert!(seen.insert(url));
            assert!(!seen.insert(url));
        }
        assert!(urls.iter().all(|&url| seen.contains(url)));
        assert!(!seen.contains(seen.fingerprint("http://river.test/100000")));
        let slots: usize = seen.shards.iter().map(|shard| shard.slots.len()).sum();
        assert!(slots < 100_000 * 2, "{slots} slots");
    }

    #[test]
    fn ends_of_a_table_meet() {
        let mut shard = Shard::default();
        let high: Vec<u64> = (0..20).map(|less| u64::MAX - less).collect();
        for &rest in high.iter().chain(&[1, 2, 3]) {
            assert!(shard.insert(rest));
        }
        assert!(high.iter().all(|&rest| !shard.insert(rest)));
        assert_eq!(shard.used, 23);
    }
}
