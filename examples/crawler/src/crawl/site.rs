//! Sites: what is to be known of a server before it is asked for pages.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use url::{Position, Url};

use crate::robots::Rules;

/// Sites that are remembered while nothing of theirs is queued.
const REMEMBERED: usize = 10_000;

/// The longest pause that a site is granted, by its `robots.txt` or when it is busy.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long what is known of a `robots.txt` that could not be read holds.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// An origin (scheme, host and port): what a `robots.txt` is for, and what requests are kept apart for.
pub(super) struct Site {
    origin: Box<str>,
    /// In milliseconds.
    pause: AtomicU64,
    /// Until when the site wants to be left alone, in milliseconds since it is known.
    rest: AtomicU64,
    known_since: Instant,
    robots: Mutex<Option<(Instant, Robots)>>,
}

/// What came of reading a `robots.txt`.
pub(super) enum Robots {
    /// These are the rules; the default where there is no such file.
    Rules(Rules),
    /// The server answers with an error, this one.
    Failing(String),
    /// There is no answer, for this reason.
    Unreachable(String),
}

/// Whether a URL may be fetched.
pub(super) enum Permission {
    Granted,
    /// No, and why.
    Denied(String),
    /// Not yet: the site wants longer pauses than was known when this began.
    TooEarly,
    /// There is nobody to ask, and why.
    Unreachable(String),
}

impl Site {
    /// Scheme, host and port.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The pause between the starts of two requests, as far as is known; while the site rests, at least until the end
    /// of that.
    pub(super) fn pause(&self) -> Duration {
        Duration::from_millis(self.pause.load(Relaxed)).max(self.rest_left())
    }

    /// Leaves the site alone for a while, as it asks for, but not for longer than a site is granted.
    pub(super) fn rest(&self, asked: Duration) {
        let end = self.known_since.elapsed() + asked.min(LONGEST_PAUSE);
        self.rest.fetch_max(millis(end), Relaxed);
    }

    /// Tells whether the site is to be left alone now.
    pub(super) fn is_resting(&self) -> bool {
        !self.rest_left().is_zero()
    }

    fn rest_left(&self) -> Duration {
        match self.rest.load(Relaxed) {
            0 => Duration::ZERO,
            end => Duration::from_millis(end).saturating_sub(self.known_since.elapsed()),
        }
    }

    /// Asks whether `url` may be fetched by a visit that began when `known` was the pause.
    ///
    /// `read` is called if the `robots.txt` is not known; meanwhile others wait for it.
    pub(super) async fn permission(
        &self,
        url: &Url,
        known: Duration,
        read: impl AsyncFnOnce() -> Robots,
    ) -> Permission {
        let mut robots = self.robots.lock().await;
        let expired = |(since, robots): &mut (Instant, Robots)| {
            !matches!(robots, Robots::Rules(_)) && since.elapsed() >= ASK_AGAIN
        };
        robots.take_if(expired);
        let robots = match &mut *robots {
            Some((_, robots)) => robots,
            unknown => {
                let read = read().await;
                self.slow_down(&read);
                &mut unknown.insert((Instant::now(), read)).1
            }
        };
        match robots {
            Robots::Rules(_) if self.pause() > known => Permission::TooEarly,
            Robots::Rules(rules) if rules.allows(url) => Permission::Granted,
            Robots::Rules(_) => Permission::Denied("robots.txt disallows it".to_owned()),
            Robots::Failing(why) => Permission::Denied(why.clone()),
            Robots::Unreachable(why) => Permission::Unreachable(why.clone()),
        }
    }

    fn slow_down(&self, robots: &Robots) {
        if let Robots::Rules(rules) = robots
            && let Some(pause) = rules.crawl_delay()
        {
            self.pause
                .fetch_max(millis(pause.min(LONGEST_PAUSE)), Relaxed);
        }
    }
}

fn millis(pause: Duration) -> u64 {
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}

/// Two sites with the same origin are the same.
impl PartialEq for Site {
    fn eq(&self, other: &Self) -> bool {
        self.origin == other.origin
    }
}

impl Eq for Site {}

impl Hash for Site {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.origin.hash(state);
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Site")
            .field("origin", &self.origin)
            .field("pause", &self.pause())
            .finish_non_exhaustive()
    }
}

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

    /// The site of `url`; one that is new begins with the given pause.
    pub(super) fn of(&mut self, url: &Url, pause: impl FnOnce(&Url) -> Duration) -> Arc<Site> {
        let origin = &url[..Position::BeforePath];
        if let Some(site) = self.by_origin.get(origin) {
            return site.clone();
        }
        let site = Arc::new(Site {
            origin: origin.into(),
            pause: AtomicU64::new(millis(pause(url))),
            rest: AtomicU64::new(0),
            known_since: Instant::now(),
            robots: Mutex::new(None),
        });
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
            // One reference is here, one in the map.
            if Arc::strong_count(&oldest) > 2 {
                self.order.push_back(oldest);
            } else {
                self.by_origin.remove(&oldest.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pause: Duration) -> (Arc<Site>, Url) {
        let url = Url::parse("http://river.test/a").expect("a URL");
        (Sites::new().of(&url, |_| pause), url)
    }

    fn rules(text: &str) -> Robots {
        Robots::Rules(crate::robots::Robots::parse(text.as_bytes()).for_agent("crawler"))
    }

    async fn never() -> Robots {
        panic!("it is known")
    }

    #[tokio::test]
    async fn a_pause_that_is_learnt_sends_back_who_began_before() {
        let (site, url) = site(Duration::from_millis(250));
        let kept = site.pause();
        let read = async || rules("user-agent: *\ncrawl-delay: 2");
        let first = site.permission(&url, kept, read).await;
        assert!(matches!(first, Permission::TooEarly));
        let second = site.permission(&url, kept, never).await;
        assert!(matches!(second, Permission::TooEarly));
        let third = site.permission(&url, site.pause(), never).await;
        assert!(matches!(third, Permission::Granted));
        assert_eq!(site.pause(), Duration::from_secs(2));
    }

    #[tokio::test]
    async fn a_pause_is_never_shortened_and_has_a_limit() {
        let (patient, url) = site(Duration::from_secs(5));
        let read = async || rules("user-agent: *\ncrawl-delay: 2");
        let first = patient.permission(&url, patient.pause(), read).await;
        assert!(matches!(first, Permission::Granted));
        assert_eq!(patient.pause(), Duration::from_secs(5));

        let (site, url) = site(Duration::ZERO);
        let read = async || rules("user-agent: *\ncrawl-delay: 86400");
        site.permission(&url, site.pause(), read).await;
        assert_eq!(site.pause(), LONGEST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_site_rests_until_the_latest_end_it_asked_for() {
        let (site, url) = site(Duration::from_secs(1));
        site.rest(Duration::from_secs(20));
        tokio::time::advance(Duration::from_secs(5)).await;
        site.rest(Duration::from_secs(2));
        assert_eq!(site.pause(), Duration::from_secs(15));
        assert!(site.is_resting());
        let read = async || rules("");
        let early = site.permission(&url, Duration::from_secs(1), read).await;
        assert!(matches!(early, Permission::TooEarly));
        tokio::time::advance(Duration::from_secs(15)).await;
        assert!(!site.is_resting());
        assert_eq!(site.pause(), Duration::from_secs(1));
        site.rest(Duration::MAX);
        assert_eq!(site.pause(), LONGEST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_remembered_for_a_while() {
        let (site, url) = site(Duration::ZERO);
        let failing = async || Robots::Failing("503".to_owned());
        let unreachable = async || Robots::Unreachable("gone".to_owned());
        let first = site.permission(&url, Duration::ZERO, failing).await;
        assert!(matches!(first, Permission::Denied(why) if why == "503"));
        let just_before = Duration::from_millis(59_999);
        tokio::time::advance(just_before).await;
        let second = site.permission(&url, Duration::ZERO, never).await;
        assert!(matches!(second, Permission::Denied(_)));
        tokio::time::advance(Duration::from_millis(1)).await;
        let third = site.permission(&url, Duration::ZERO, unreachable).await;
        assert!(matches!(third, Permission::Unreachable(why) if why == "gone"));
        tokio::time::advance(ASK_AGAIN).await;
        let read = async || rules("");
        let fourth = site.permission(&url, Duration::ZERO, read).await;
        assert!(matches!(fourth, Permission::Granted));
        tokio::time::advance(ASK_AGAIN * 100).await;
        let fifth = site.permission(&url, Duration::ZERO, never).await;
        assert!(matches!(fifth, Permission::Granted));
    }

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
