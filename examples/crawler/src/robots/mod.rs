//! `robots.txt`: what a site asks of crawlers, by RFC 9309.

mod agent;
mod dialect;
mod line;
mod pattern;
mod rules;

use std::time::Duration;

use self::agent::Agent;
pub use self::agent::{is_product_token, product_token};
pub use self::dialect::Dialect;
pub use self::line::{Directive, directives};
pub use self::pattern::{Pattern, path_and_query};
pub use self::rules::Rules;

/// The most that is read of a `robots.txt`, in bytes; the RFC asks for at least this much.
pub const LIMIT: usize = 500 * 1024;

/// A `robots.txt`, parsed.
///
/// Parsing never fails: what is not understood is passed over, as the RFC asks.
///
/// # Examples
///
/// ```
/// use crawler::robots::Robots;
///
/// let robots = Robots::parse(b"User-agent: *\nDisallow: /private/\nAllow: /private/*.html$\nCrawl-delay: 2");
/// let rules = robots.for_agent("MyBot");
/// assert!(rules.allows(&"https://example.org/private/a.html".parse()?));
/// assert!(!rules.allows(&"https://example.org/private/a.txt".parse()?));
/// assert_eq!(rules.crawl_delay().unwrap().as_secs(), 2);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Robots<'a> {
    dialect: Dialect,
    groups: Vec<Group<'a>>,
    sitemaps: Vec<String>,
}

/// Lines that belong together: some agents, and what they may do. Patterns are read when it is known whose matter.
#[derive(Clone, Debug, Default)]
struct Group<'a> {
    agents: Vec<Agent<'a>>,
    lines: Vec<Line<'a>>,
}

#[derive(Clone, Copy, Debug)]
enum Line<'a> {
    Allow(&'a [u8]),
    Disallow(&'a [u8]),
    CrawlDelay(Duration),
}

impl<'a> Robots<'a> {
    /// Parses the bytes of a `robots.txt`, of which it reads the first 500 KiB.
    ///
    /// A byte order mark, any line ends, comments and garbage are harmless. Lines such as `Sitemap` and `Crawl-delay`
    /// do not end the list of agents that a group begins with.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Self {
        Self::parse_as(Dialect::default(), bytes)
    }

    /// Parses the bytes of a `robots.txt` as [`parse`](Self::parse) does, in the sense of `dialect`.
    #[must_use]
    pub fn parse_as(dialect: Dialect, bytes: &'a [u8]) -> Self {
        let mut robots = Self {
            dialect,
            ..Self::default()
        };
        let mut naming_agents = false;
        for (_, directive) in directives(within_limit(bytes)) {
            let line = match directive {
                Directive::UserAgent(name) => {
                    if !naming_agents {
                        robots.groups.push(Group::default());
                        naming_agents = true;
                    }
                    if let Some(group) = robots.groups.last_mut() {
                        group.agents.extend(Agent::parse(name));
                    }
                    continue;
                }
                Directive::Allow(pattern) => {
                    naming_agents = false;
                    Line::Allow(pattern)
                }
                Directive::Disallow(pattern) => {
                    naming_agents = false;
                    Line::Disallow(pattern)
                }
                Directive::CrawlDelay(seconds) => match delay(seconds) {
                    Some(delay) => Line::CrawlDelay(delay),
                    None => continue,
                },
                Directive::Sitemap(url) => {
                    if !url.is_empty() {
                        robots
                            .sitemaps
                            .push(String::from_utf8_lossy(url).into_owned());
                    }
                    continue;
                }
                Directive::Unknown(_) => continue,
            };
            // Before the first agent, rules are nobody's.
            if let Some(group) = robots.groups.last_mut() {
                group.lines.push(line);
            }
        }
        robots
    }

    /// Gathers the rules for the crawler that calls itself `token`, without regard to case.
    ///
    /// These are the rules of all groups that name it, else of all groups for `*`, else none. `token` is the product
    /// token alone (`MyBot`), see [`product_token`].
    #[must_use]
    pub fn for_agent(&self, token: &str) -> Rules {
        let mut rules = self
            .merged(|agent| agent.is(token))
            .or_else(|| self.merged(Agent::is_any))
            .unwrap_or_default();
        rules.list(&self.sitemaps);
        rules
    }

    /// The addresses of the site's sitemaps, as they stand in the file.
    #[must_use]
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    fn merged(&self, wanted: impl Fn(Agent<'a>) -> bool) -> Option<Rules> {
        let mut groups = self
            .groups
            .iter()
            .filter(|group| group.agents.iter().any(|agent| wanted(*agent)))
            .peekable();
        groups.peek()?;
        let mut rules = Rules::new(self.dialect);
        for line in groups.flat_map(|group| &group.lines) {
            match line {
                Line::Allow(pattern) => rules.allow(pattern),
                Line::Disallow(pattern) => rules.disallow(pattern),
                Line::CrawlDelay(delay) => rules.slow_to(*delay),
            }
        }
        rules.sort();
        Some(rules)
    }
}

/// Cuts off what lies beyond the limit, and the line that it cuts through: half a rule is a different rule.
fn within_limit(bytes: &[u8]) -> &[u8] {
    let Some(read) = bytes.get(..LIMIT).filter(|read| read.len() < bytes.len()) else {
        return bytes;
    };
    let end = memchr::memrchr2(b'\n', b'\r', read).unwrap_or(0);
    &read[..end]
}

fn delay(seconds: &[u8]) -> Option<Duration> {
    let seconds: f64 = str::from_utf8(seconds).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
