//! Where sites have no end: calendars, paths that repeat themselves, hosts that make up pages.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use url::{Position, Url};

use super::rejection::Rejection;

/// From this depth on, the URLs of a pattern are counted. Whoever is not caught in a trap has found most of a site by then.
const DEEP: u32 = 8;

/// What a deep URL counts for if a URL of its own pattern led to it, as with each next day of a calendar.
const NEXT_OF_ITS_KIND: u32 = 10;

/// The sitemaps that a host may have; an index may list as many again, and each of these, without end.
const SITEMAPS: u32 = 10_000;

/// The budgets that keep a crawl out of traps.
#[derive(Debug)]
pub(super) struct Traps {
    limits: Limits,
    /// What the URLs of each pattern count for so far, by a hash of host and pattern.
    patterns: HashMap<u64, u32>,
    /// The URLs of each host so far.
    hosts: HashMap<Box<str>, u64>,
    /// The sitemaps of each host so far.
    sitemaps: HashMap<Box<str>, u32>,
    hasher: RandomState,
}

/// How far to trust a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// How often a segment may stand in one path.
    pub(super) repeats: usize,
    /// How many deep URLs of one pattern a host may have that led to each other.
    pub(super) per_pattern: Option<u32>,
    /// How many URLs a host may have.
    pub(super) per_host: Option<u64>,
}

impl Traps {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            patterns: HashMap::new(),
            hosts: HashMap::new(),
            sitemaps: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// Tells whether the path of `url` repeats itself too often.
    pub(super) fn repeats_itself(&self, url: &Url) -> bool {
        let path = url.path();
        let slashes = memchr::memchr_iter(b'/', path.as_bytes()).count();
        if slashes <= self.limits.repeats {
            return false;
        }
        let mut segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        segments.sort_unstable();
        segments
            .chunk_by(|one, other| one == other)
            .any(|same| same.len() > self.limits.repeats)
    }

    /// Takes a new URL, to which `referrer` led, off the budgets of its host and its pattern.
    ///
    /// # Errors
    ///
    /// Which budget is spent; then nothing is taken off.
    pub(super) fn admit(&mut self, url: &Url, depth: u32, referrer: &str) -> Result<(), Rejection> {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let of_host = self.hosts.get(host).copied().unwrap_or_default();
        if self.limits.per_host.is_some_and(|limit| of_host >= limit) {
            return Err(Rejection::HostBudget);
        }
        if depth > DEEP
            && let Some(limit) = self.limits.per_pattern
        {
            self.admit_deep(url, referrer, limit)?;
        }
        self.count(url);
        Ok(())
    }

    /// Takes a new sitemap off the budget of its host.
    ///
    /// # Errors
    ///
    /// [`Rejection::HostBudget`] if that is spent.
    pub(super) fn admit_sitemap(&mut self, url: &Url) -> Result<(), Rejection> {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let count = self.sitemaps.entry(host.into()).or_default();
        if *count >= SITEMAPS {
            return Err(Rejection::HostBudget);
        }
        *count += 1;
        Ok(())
    }

    /// Takes a URL off the budget of its host, whether that is spent or not.
    pub(super) fn count(&mut self, url: &Url) {
        if self.limits.per_host.is_none() {
            return;
        }
        let host = &url[Position::BeforeHost..Position::AfterPort];
        match self.hosts.get_mut(host) {
            Some(count) => *count += 1,
            None => drop(self.hosts.insert(host.into(), 1)),
        }
    }

    /// Takes a URL that an earlier run has admitted off the budgets of its host and its pattern.
    pub(super) fn recount(&mut self, url: &str, depth: u32, referrer: Option<&str>) {
        let deep = self.limits.per_pattern.filter(|_| depth > DEEP);
        if deep.is_none() && self.limits.per_host.is_none() {
            return;
        }
        let Ok(url) = Url::parse(url) else {
            return;
        };
        if let (Some(limit), Some(referrer)) = (deep, referrer) {
            // One that is spent by now stays so.
            let _ = self.admit_deep(&url, referrer, limit);
        }
        self.count(&url);
    }

    fn admit_deep(&mut self, url: &Url, referrer: &str, limit: u32) -> Result<(), Rejection> {
        let (origin, path) = url.as_str().split_at(url[..Position::BeforePath].len());
        let pattern = pattern(path);
        let is_next_of_its_kind = referrer
            .strip_prefix(origin)
            .is_some_and(|referrer| self::pattern(referrer) == pattern);
        let cost = if is_next_of_its_kind {
            NEXT_OF_ITS_KIND
        } else {
            1
        };
        let spent = self
            .patterns
            .entry(self.hasher.hash_one((origin, &pattern)))
            .or_default();
        let after = spent.saturating_add(cost);
        if after > limit.saturating_mul(NEXT_OF_ITS_KIND) {
            return Err(Rejection::PatternBudget);
        }
        *spent = after;
        Ok(())
    }

    /// Gives back what a URL took off the budget of its host, since it was not fetched after all.
    pub(super) fn give_back(&mut self, url: &Url) {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        if let Some(count) = self.hosts.get_mut(host) {
            *count = count.saturating_sub(1);
        }
    }
}

/// What paths have in common that differ in numbers, dates and identifiers: each word with a digit, and all that hang
/// together with it, is the same `#`.
fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let word = rest
            .find(|character: char| !character.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let (word, tail) = rest.split_at(word.max(first.len_utf8()));
        rest = tail;
        if !word.contains(|character: char| character.is_ascii_digit()) {
            pattern.push_str(word);
        } else if ends_in_number(&pattern) {
            // Only the joint is new.
            pattern.pop();
        } else {
            pattern.push('#');
        }
    }
    pattern
}

/// Tells whether `pattern` ends in a `#` and what may join it to the next.
fn ends_in_number(pattern: &str) -> bool {
    pattern
        .strip_suffix(['-', '.', '_', ':', ',', '+'])
        .is_some_and(|before| before.ends_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    fn traps(per_pattern: u32, per_host: Option<u64>) -> Traps {
        Traps::new(Limits {
            repeats: 3,
            per_pattern: Some(per_pattern),
            per_host,
        })
    }

    #[test]
    fn numbers_and_identifiers_are_alike() {
        let alike = [
            ("/s07/p00012.html", "/#/#.html"),
            ("/cal?d=2026-11-22&v=day", "/cal?d=#&v=day"),
            ("/cal?d=9f3c.1", "/cal?d=#"),
            ("/cal?d=9f3c", "/cal?d=#"),
            ("/über/x", "/über/x"),
            ("/1/2", "/#/#"),
        ];
        for (url, expected) in alike {
            assert_eq!(pattern(url), expected, "{url}");
        }
    }

    #[test]
    fn a_path_may_repeat_itself_a_little() {
        let traps = traps(1, None);
        for (path, expected) in [
            ("/a/b/c/d/e/f", false),
            ("/a/a/a", false),
            ("/a/a/a/a", true),
            ("/a/b/a/b/a/b/a/b/", true),
            ("////////", false),
        ] {
            let url = url(&format!("http://river.test{path}"));
            assert_eq!(traps.repeats_itself(&url), expected, "{path}");
        }
    }

    #[test]
    fn a_calendar_ends_and_a_wide_site_does_not() {
        let mut traps = traps(5, None);
        let day = |number| format!("http://river.test/cal?d={number}");
        for number in 0..100 {
            let found = traps.admit(&url(&day(number)), DEEP, &day(number + 1));
            assert_eq!(found, Ok(()), "not deep yet");
        }
        let deep = (0..100).filter(|number| {
            let found = traps.admit(&url(&day(*number)), DEEP + 1, &day(number + 1));
            found == Ok(())
        });
        assert_eq!(deep.count(), 5);
        let wide = (0..100).filter(|number| {
            let page = url(&format!("http://river.test/page/{number}"));
            traps.admit(&page, DEEP + 1, "http://river.test/list") == Ok(())
        });
        assert_eq!(wide.count(), 50, "others lead there: ten times as many");
        let others = (0..100).filter(|number| {
            let day = |day| format!("http://127.0.0.{number}/cal?d={day}");
            traps.admit(&url(&day(1)), DEEP + 1, &day(2)) == Ok(())
        });
        assert_eq!(others.count(), 100, "each host has its own budget");
    }

    #[test]
    fn a_host_has_a_budget_that_can_be_given_back() {
        let mut traps = traps(1, Some(2));
        let page = |number: u32| url(&format!("http://river.test/{number}"));
        assert_eq!(traps.admit(&page(1), 1, ""), Ok(()));
        assert_eq!(traps.admit(&page(2), 1, ""), Ok(()));
        assert_eq!(traps.admit(&page(3), 1, ""), Err(Rejection::HostBudget));
        let other = url("http://lake.test/");
        assert_eq!(traps.admit(&other, 1, ""), Ok(()));
        traps.give_back(&page(1));
        assert_eq!(traps.admit(&page(3), 1, ""), Ok(()));
    }
}
