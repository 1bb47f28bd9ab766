//! What a report tells, gathered page by page.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::time::{Duration, SystemTime};

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::histogram::{Timeline, Times};
use super::line::{Line, for_each};

/// Hosts, and kinds of content, that are told apart; the others are counted as one.
const MOST_NAMES: usize = 100_000;

const OTHERS: &str = "(others)";

/// What the pages of a crawl come to.
#[derive(Debug)]
pub struct Gathered {
    /// How many entries a list has at most.
    pub(super) most: usize,
    pub(super) pages: u64,
    pub(super) ok: u64,
    pub(super) redirects: u64,
    pub(super) http_errors: u64,
    pub(super) failures: u64,
    pub(super) bytes: u64,
    pub(super) links: u64,
    pub(super) truncated: u64,
    /// Lines that are no pages.
    pub(super) unreadable: u64,
    /// None stands for no response.
    pub(super) statuses: BTreeMap<Option<u16>, u64>,
    pub(super) depths: BTreeMap<u32, u64>,
    pub(super) content_types: HashMap<String, u64>,
    pub(super) hosts: HashMap<String, Host>,
    pub(super) times: Times,
    pub(super) timeline: Timeline,
    /// When the first request began and the last one ended, in milliseconds since 1970.
    pub(super) span: Option<(u64, u64)>,
    pub(super) broken: Vec<Broken>,
    /// A fingerprint of the body of each page.
    bodies: Vec<u64>,
    /// Pages that have the body of an earlier one.
    pub(super) duplicates: u64,
    pub(super) alike: Vec<Alike>,
}

/// What a host has come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Host {
    pub(super) pages: u64,
    pub(super) errors: u64,
    pub(super) bytes: u64,
    elapsed_ms: u64,
    pub(super) slowest_ms: u64,
}

impl Host {
    pub(super) fn mean_ms(&self) -> u64 {
        self.elapsed_ms / self.pages.max(1)
    }
}

/// A page that could not be had.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) url: String,
    pub(super) why: String,
    pub(super) referrer: Option<String>,
}

/// Pages with the same body.
#[derive(Debug)]
pub(super) struct Alike {
    fingerprint: u64,
    pub(super) count: u64,
    /// The first ones.
    pub(super) urls: Vec<String>,
}

impl Alike {
    /// How many of them are named.
    const NAMED: usize = 3;
}

impl Gathered {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            pages: 0,
            ok: 0,
            redirects: 0,
            http_errors: 0,
            failures: 0,
            bytes: 0,
            links: 0,
            truncated: 0,
            unreadable: 0,
            statuses: BTreeMap::new(),
            depths: BTreeMap::new(),
            content_types: HashMap::new(),
            hosts: HashMap::new(),
            times: Times::default(),
            timeline: Timeline::new(),
            span: None,
            broken: Vec::new(),
            bodies: Vec::new(),
            duplicates: 0,
            alike: Vec::new(),
        }
    }

    pub(super) fn read_pages(&mut self, file: impl BufRead) -> io::Result<()> {
        for_each(file, |page| match page {
            Some(page) => self.add(&page),
            None => self.unreadable += 1,
        })?;
        self.find_duplicates();
        Ok(())
    }

    fn add(&mut self, page: &Line<'_>) {
        self.pages += 1;
        match page.status {
            None => self.failures += 1,
            Some(..300) => self.ok += 1,
            Some(300..400) => self.redirects += 1,
            Some(_) => self.http_errors += 1,
        }
        self.bytes += page.bytes;
        self.links += page.links;
        self.truncated += u64::from(page.truncated);
        *self.statuses.entry(page.status).or_default() += 1;
        *self.depths.entry(page.depth).or_default() += 1;
        if let Some(kind) = &page.content_type {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            *of(&mut self.content_types, &kind.to_ascii_lowercase()) += 1;
        }
        let is_broken = page.status.is_none_or(|status| status >= 400);
        self.add_time(page);
        self.add_host(page, is_broken);
        if is_broken && self.broken.len() < self.most {
            self.broken.push(Broken {
                url: page.url.to_string(),
                why: match (page.status, &page.error) {
                    (Some(status), _) => status.to_string(),
                    (None, Some(error)) => error.to_string(),
                    (None, None) => "no response".to_owned(),
                },
                referrer: page.referrer.as_deref().map(str::to_owned),
            });
        }
        self.bodies.extend(fingerprint(page));
    }

    fn add_time(&mut self, page: &Line<'_>) {
        if page.status.is_some() {
            self.times.add(page.elapsed_ms);
        }
        let Ok(began) = humantime::parse_rfc3339(&page.fetched_at) else {
            return;
        };
        let since = began.duration_since(SystemTime::UNIX_EPOCH);
        let began = millis(since.unwrap_or_default());
        let ended = began + page.elapsed_ms;
        let (first, last) = self.span.unwrap_or((began, ended));
        self.span = Some((first.min(began), last.max(ended)));
        self.timeline.add(ended);
    }

    fn add_host(&mut self, page: &Line<'_>, is_broken: bool) {
        let host = of(&mut self.hosts, host_of(&page.url));
        host.pages += 1;
        host.errors += u64::from(is_broken);
        host.bytes += page.bytes;
        host.elapsed_ms += page.elapsed_ms;
        host.slowest_ms = host.slowest_ms.max(page.elapsed_ms);
    }

    /// Counts the bodies that there are more than once, and keeps those that there are most of.
    fn find_duplicates(&mut self) {
        let mut bodies = std::mem::take(&mut self.bodies);
        bodies.sort_unstable();
        for alike in bodies.chunk_by(|one, other| one == other) {
            let count = alike.len() as u64;
            if count > 1 {
                self.duplicates += count - 1;
                self.alike.push(Alike {
                    fingerprint: alike[0],
                    count,
                    urls: Vec::new(),
                });
            }
            // Only the largest are told, so no more than a few are held.
            if self.alike.len() >= 2 * self.most + 1_000 {
                self.keep_largest();
            }
        }
        self.keep_largest();
    }

    fn keep_largest(&mut self) {
        self.alike.sort_by_key(|alike| Reverse(alike.count));
        self.alike.truncate(self.most);
    }

    pub(super) fn has_duplicates(&self) -> bool {
        !self.alike.is_empty()
    }

    /// Finds out which pages have the bodies that there are more than once.
    pub(super) fn name_duplicates(&mut self, file: impl BufRead) -> io::Result<()> {
        let places: HashMap<u64, usize> = self
            .alike
            .iter()
            .enumerate()
            .map(|(place, alike)| (alike.fingerprint, place))
            .collect();
        for_each(file, |page| {
            if let Some(page) = page
                && let Some(place) = fingerprint(&page).and_then(|print| places.get(&print))
                && let urls = &mut self.alike[*place].urls
                && urls.len() < Alike::NAMED
            {
                urls.push(page.url.into_owned());
            }
        })
    }

    /// How long the crawl took, in milliseconds.
    pub(super) fn elapsed_ms(&self) -> u64 {
        self.span.map_or(0, |(first, last)| last - first)
    }

    /// The kinds of content, the most frequent first.
    pub(super) fn content_types(&self) -> Vec<(&str, u64)> {
        let mut kinds: Vec<(&str, u64)> = self
            .content_types
            .iter()
            .map(|(kind, &count)| (kind.as_str(), count))
            .collect();
        kinds.sort_unstable_by_key(|&(kind, count)| (Reverse(count), kind));
        kinds.truncate(self.most);
        kinds
    }

    /// The hosts that take the longest to answer.
    pub(super) fn slowest_hosts(&self) -> Vec<(&str, Host)> {
        let mut hosts: Vec<(&str, Host)> = self
            .hosts
            .iter()
            .map(|(name, &host)| (name.as_str(), host))
            .collect();
        hosts.sort_unstable_by_key(|&(name, host)| (Reverse(host.mean_ms()), name));
        hosts.truncate(self.most);
        hosts
    }
}

/// The place of `name`; where there are too many names, that of the others.
fn of<'a, T: Default>(places: &'a mut HashMap<String, T>, name: &str) -> &'a mut T {
    let name = if places.len() < MOST_NAMES || places.contains_key(name) {
        name
    } else {
        OTHERS
    };
    places.entry_ref(name).or_default()
}

/// What tells the body of a page from others, if it is a success and has one.
fn fingerprint(page: &Line<'_>) -> Option<u64> {
    let is_ok = page
        .status
        .is_some_and(|status| (200..300).contains(&status));
    let digest = page
        .digest
        .as_deref()
        .filter(|_| is_ok && !page.truncated)?;
    Some(xxh3_64(digest.as_bytes()))
}

/// The host, and the port where it is not the scheme's own, of a URL as the crawler spells them.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.rsplit('@').next().unwrap_or(host)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
