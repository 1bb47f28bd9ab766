//! A site: what is to be known of a server before it is asked for pages.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::address;
use super::listed::Listed;
use super::pace::{MOMENT, Pace, Policy};
use super::visit::Failure;
use crate::robots::Rules;

/// How long a `robots.txt` holds, as RFC 9309 has it.
const ROBOTS_HOLD: Duration = Duration::from_hours(24);

/// How long what is known of a `robots.txt` that could not be read holds.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// How a site is treated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Between the starts of two requests, at least.
    pub(crate) delay: Duration,
    pub(crate) policy: Policy,
    /// How its address is spared, which it may share with other sites.
    pub(crate) address: Option<address::Limits>,
}

/// An origin (scheme, host and port): what a `robots.txt` is for, and what requests are kept apart for.
pub(super) struct Site {
    origin: Box<str>,
    manner: Manner,
    pace: Mutex<Pace>,
    robots: tokio::sync::Mutex<Option<Asked>>,
    /// How often URLs that ran into trouble have been tried, while they are to be tried again.
    tries: Mutex<HashMap<Box<str>, u32>>,
    pub(super) listed: Listed,
}

/// What came of asking for a `robots.txt`, the last time.
struct Asked {
    since: Instant,
    /// How often it was asked for in vain.
    tries: u32,
    robots: Robots,
}

/// What came of reading a `robots.txt`.
pub(super) enum Robots {
    /// These are the rules; the default where there is no such file.
    Rules(Rules),
    /// It cannot be read now.
    Trouble(Trouble),
    /// No request to the site is made at all.
    Refused(Failure),
}

/// Why a `robots.txt` cannot be read.
pub(super) struct Trouble {
    pub(super) why: String,
    /// How long to wait before another try; none if that will not help.
    pub(super) again: Option<Duration>,
    /// Whether, if it stays like this, the site counts as one that has none. Else it counts as one that disallows all.
    pub(super) is_none: bool,
}

/// Whether a URL may be fetched.
#[derive(Debug)]
pub(super) enum Permission {
    Granted,
    /// The site does not want it.
    Denied,
    /// What the site wants cannot be found out, and why: so it wants nothing.
    NoRobots(String),
    /// No request to the site is made at all.
    Refused(Failure),
    /// Not yet: it cannot be found out just now.
    TooEarly,
}

impl Site {
    pub(super) fn new(origin: &str, manner: Manner) -> Self {
        Self {
            origin: origin.into(),
            manner,
            pace: Mutex::new(Pace::new(manner.delay)),
            robots: tokio::sync::Mutex::default(),
            tries: Mutex::default(),
            listed: Listed::default(),
        }
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The pause between the starts of two requests, as far as is known.
    pub(super) fn delay(&self) -> Duration {
        self.pace().pause(self.manner.policy)
    }

    /// How long to wait until the next visit begins, if one begins now: the pause between the starts of two requests, as
    /// far as is known, or what is left of one, for then the visit that begins now is put off.
    pub(super) fn pause(&self) -> Duration {
        let pace = self.pace();
        if pace.is_set_apart() {
            let wait = pace.wait(Instant::now());
            if wait > MOMENT {
                return wait;
            }
        }
        pace.pause(self.manner.policy)
    }

    pub(super) fn manner(&self) -> &Manner {
        &self.manner
    }

    /// Leaves the site alone for a while, as it asks for, but not for longer than a site is granted.
    pub(super) fn rest(&self, asked: Duration) {
        let policy = self.manner.policy;
        self.pace().rest(policy, asked, Instant::now());
    }

    /// Tells whether the site is to be left alone for more than a moment.
    pub(super) fn is_resting(&self) -> bool {
        let pace = self.pace();
        pace.is_set_apart() && pace.wait(Instant::now()) > MOMENT
    }

    /// Takes the turn to send a request now.
    ///
    /// # Errors
    ///
    /// When to try again, if it is too early.
    pub(super) fn claim(&self, now: Instant) -> Result<(), Instant> {
        self.pace().claim(self.manner.policy, now)
    }

    /// Hears that an answer has come, and when.
    pub(super) fn answered(&self, at: Instant) {
        self.pace().answered(self.manner.policy, at);
    }

    /// Learns from an answer that was a good one.
    pub(super) fn succeed(&self, latency: Duration) {
        self.pace().succeed(self.manner.policy, latency);
    }

    /// Learns that something went wrong.
    pub(super) fn fail(&self) {
        self.pace().fail(self.manner.policy, Instant::now());
    }

    /// Counts one more try of `url`, which is to be tried again.
    pub(super) fn count_try(&self, url: &Url) {
        *lock(&self.tries).entry(url.as_str().into()).or_default() += 1;
    }

    /// Counts the tries of `url` so far.
    pub(super) fn tries(&self, url: &Url) -> u32 {
        let tries = lock(&self.tries);
        tries.get(url.as_str()).copied().unwrap_or_default()
    }

    /// Forgets the tries of `url`, which is done with; gives how many there were.
    pub(super) fn finish(&self, url: &Url) -> u32 {
        let mut tries = lock(&self.tries);
        // Hardly ever is there any trouble, and then no URL need be looked for.
        if tries.is_empty() {
            return 0;
        }
        tries.remove(url.as_str()).unwrap_or_default()
    }

    /// Asks whether `url` may be fetched.
    ///
    /// `read` is called if the `robots.txt` is not known; meanwhile others wait for it. It is tried again up to `retries`
    /// times, with rests between, and once more when some time has passed.
    pub(super) async fn permission(
        &self,
        url: &Url,
        retries: u32,
        read: impl AsyncFnOnce() -> Robots,
    ) -> Permission {
        let mut asked = self.robots.lock().await;
        asked.take_if(|asked| asked.is_over());
        if asked.as_ref().is_none_or(|asked| asked.is_open(retries)) {
            if self.is_resting() {
                return Permission::TooEarly;
            }
            let tries = asked.as_ref().map_or(0, |asked| asked.tries);
            let robots = read().await;
            self.learn(&robots, tries < retries);
            *asked = Some(Asked {
                since: Instant::now(),
                tries: tries + 1,
                robots,
            });
        }
        let Some(asked) = &*asked else {
            return Permission::TooEarly;
        };
        match &asked.robots {
            _ if asked.is_open(retries) => Permission::TooEarly,
            Robots::Rules(rules) if rules.allows(url) => Permission::Granted,
            Robots::Rules(_) => Permission::Denied,
            Robots::Trouble(Trouble { is_none: true, .. }) => Permission::Granted,
            Robots::Trouble(Trouble { why, .. }) => Permission::NoRobots(why.clone()),
            Robots::Refused(failure) => Permission::Refused(failure.clone()),
        }
    }

    fn learn(&self, robots: &Robots, is_tried_again: bool) {
        match robots {
            Robots::Rules(rules) => {
                self.listed.list(rules.sitemaps());
                if let Some(delay) = rules.crawl_delay() {
                    let delay = delay.min(self.manner.policy.longest);
                    self.pace().slow_to(delay);
                }
            }
            Robots::Trouble(trouble) => {
                if let Some(again) = trouble.again
                    && is_tried_again
                {
                    self.rest(again);
                }
            }
            Robots::Refused(_) => {}
        }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        lock(&self.pace)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is complete before anything can panic, so a poisoned lock is a sound one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Asked {
    /// Tells whether it is to be asked for again because time has passed.
    fn is_over(&self) -> bool {
        let hold = match self.robots {
            Robots::Rules(_) => ROBOTS_HOLD,
            Robots::Trouble(_) | Robots::Refused(_) => ASK_AGAIN,
        };
        self.since.elapsed() >= hold
    }

    /// Tells whether it is to be asked for again because that may help.
    fn is_open(&self, retries: u32) -> bool {
        let may_help = matches!(&self.robots, Robots::Trouble(trouble) if trouble.again.is_some());
        may_help && self.tries <= retries
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const RETRIES: u32 = 2;

    impl From<Duration> for Manner {
        fn from(delay: Duration) -> Self {
            let policy = Policy {
                factor: 0.0,
                longest: Duration::from_secs(30),
            };
            Self {
                delay,
                policy,
                address: None,
            }
        }
    }

    fn site(pause: Duration) -> (Site, Url) {
        let url = Url::parse("http://river.test/a").expect("a URL");
        (Site::new("http://river.test", pause.into()), url)
    }

    fn rules(text: &str) -> Robots {
        Robots::Rules(crate::robots::Robots::parse(text.as_bytes()).for_agent("crawler"))
    }

    fn trouble(why: &str, again: Option<u64>) -> Robots {
        Robots::Trouble(Trouble {
            why: why.to_owned(),
            again: again.map(Duration::from_secs),
            is_none: false,
        })
    }

    async fn never() -> Robots {
        panic!("it is known")
    }

    #[tokio::test(start_paused = true)]
    async fn a_crawl_delay_counts_from_the_robots_txt_on() {
        let (site, url) = site(Duration::from_millis(250));
        let read = async || {
            site.claim(Instant::now()).expect("its turn");
            rules("user-agent: *\ncrawl-delay: 2")
        };
        let first = site.permission(&url, RETRIES, read).await;
        assert!(matches!(first, Permission::Granted));
        assert_eq!(site.pause().as_secs(), 2);
        assert!(site.is_resting(), "two seconds after its robots.txt");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(!site.is_resting());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_never_shortened_and_has_a_limit() {
        let (patient, url) = site(Duration::from_secs(5));
        let read = async || rules("user-agent: *\ncrawl-delay: 2");
        patient.permission(&url, RETRIES, read).await;
        assert_eq!(patient.pause(), Duration::from_secs(5));

        let (site, url) = site(Duration::ZERO);
        let read = async || rules("user-agent: *\ncrawl-delay: 86400");
        site.permission(&url, RETRIES, read).await;
        assert_eq!(site.pause(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_site_rests_until_the_latest_end_it_asked_for() {
        let (site, url) = site(Duration::from_secs(1));
        site.rest(Duration::from_secs(20));
        tokio::time::advance(Duration::from_secs(5)).await;
        site.rest(Duration::from_secs(2));
        assert_eq!(site.pause(), Duration::from_secs(15));
        assert!(site.is_resting());
        let early = site.permission(&url, RETRIES, never).await;
        assert!(matches!(early, Permission::TooEarly));
        tokio::time::advance(Duration::from_secs(15)).await;
        assert!(!site.is_resting());
        assert_eq!(site.pause(), Duration::from_secs(1));
        site.rest(Duration::MAX);
        assert_eq!(site.pause(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_robots_txt_is_read_again_after_a_day() {
        let (site, url) = site(Duration::ZERO);
        let read = async || rules("");
        let first = site.permission(&url, RETRIES, read).await;
        assert!(matches!(first, Permission::Granted));
        tokio::time::advance(Duration::from_hours(23)).await;
        let second = site.permission(&url, RETRIES, never).await;
        assert!(matches!(second, Permission::Granted));
        tokio::time::advance(Duration::from_hours(1)).await;
        let read = async || rules("user-agent: *\ndisallow: /");
        let third = site.permission(&url, RETRIES, read).await;
        assert!(matches!(third, Permission::Denied));
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_tried_again_with_rests_between_and_remembered_for_a_while() {
        let (site, url) = site(Duration::ZERO);
        for seconds in [3, 5] {
            let failing = async || trouble("503", Some(seconds));
            let early = site.permission(&url, RETRIES, failing).await;
            assert!(matches!(early, Permission::TooEarly));
            assert_eq!(site.pause(), Duration::from_secs(seconds));
            let early = site.permission(&url, RETRIES, never).await;
            assert!(matches!(early, Permission::TooEarly), "it rests");
            tokio::time::advance(Duration::from_secs(seconds)).await;
        }
        let failing = async || trouble("503", Some(7));
        let third = site.permission(&url, RETRIES, failing).await;
        assert!(matches!(third, Permission::NoRobots(why) if why == "503"));
        let just_before = Duration::from_millis(59_999);
        tokio::time::advance(just_before).await;
        let fourth = site.permission(&url, RETRIES, never).await;
        assert!(matches!(fourth, Permission::NoRobots(_)));
        tokio::time::advance(Duration::from_millis(1)).await;
        let hopeless = async || trouble("not public", None);
        let fifth = site.permission(&url, RETRIES, hopeless).await;
        assert!(matches!(fifth, Permission::NoRobots(why) if why == "not public"));
        tokio::time::advance(ASK_AGAIN).await;
        let read = async || rules("");
        let sixth = site.permission(&url, RETRIES, read).await;
        assert!(matches!(sixth, Permission::Granted));
    }

    #[tokio::test]
    async fn a_refusal_that_stays_is_a_site_without_rules() {
        let (site, url) = site(Duration::ZERO);
        let refused = async || {
            Robots::Trouble(Trouble {
                why: "429".to_owned(),
                again: Some(Duration::ZERO),
                is_none: true,
            })
        };
        let first = site.permission(&url, 1, refused).await;
        assert!(matches!(first, Permission::TooEarly));
        let second = site.permission(&url, 1, refused).await;
        assert!(matches!(second, Permission::Granted));
    }

    #[tokio::test]
    async fn tries_are_counted_until_a_url_is_done_with() {
        let (site, url) = site(Duration::ZERO);
        assert_eq!((site.tries(&url), site.finish(&url)), (0, 0));
        site.count_try(&url);
        site.count_try(&url);
        assert_eq!((site.tries(&url), site.finish(&url)), (2, 2));
        assert_eq!(site.tries(&url), 0);
    }
}
