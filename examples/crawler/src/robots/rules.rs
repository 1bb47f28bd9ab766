//! What one crawler may do on one site.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::time::Duration;

use url::{Position, Url};

use super::dialect::Dialect;
use super::pattern::Pattern;

/// What one crawler may do on one site: see [`Robots::for_agent`](super::Robots::for_agent).
///
/// The default allows everything, as a site without a `robots.txt` does.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    dialect: Dialect,
    /// The texts of all patterns, one behind the other.
    texts: String,
    /// So that the first that matches decides.
    by_weight: Vec<Rule>,
    crawl_delay: Option<Duration>,
    sitemaps: Vec<String>,
}

/// A pattern, by where its text stands among all, and what is said of the paths that match it.
#[derive(Clone, Debug)]
struct Rule {
    start: usize,
    end: usize,
    to_the_end: bool,
    allow: bool,
}

impl Rules {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            ..Self::default()
        }
    }

    /// Forbids everything: for a site whose `robots.txt` cannot be read now (server errors, no connection).
    #[must_use]
    pub fn disallow_all() -> Self {
        let mut rules = Self::default();
        rules.disallow(b"/");
        rules
    }

    /// Tells whether `url` may be fetched.
    ///
    /// Of the rules that match, the longest decides, and of two as long the one that allows. What no rule matches is
    /// allowed, and `/robots.txt` always is.
    #[must_use]
    pub fn allows(&self, url: &Url) -> bool {
        self.allows_path(&url[Position::BeforePath..Position::AfterQuery])
    }

    /// Tells whether a path, with its query if it has one, may be fetched; see [`allows`](Self::allows).
    #[must_use]
    pub fn allows_path(&self, path_and_query: &str) -> bool {
        if self.by_weight.is_empty() || path_and_query == "/robots.txt" {
            return true;
        }
        let path = self.dialect.path(path_and_query);
        self.by_weight
            .iter()
            .find(|rule| self.pattern(rule).matches(&path))
            .is_none_or(|rule| rule.allow)
    }

    /// The pause that the site asks for between two requests; the longest where it asks for several.
    #[must_use]
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// The addresses of the site's sitemaps, as they stand in the file: they are for every crawler.
    #[must_use]
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    pub(super) fn list(&mut self, sitemaps: &[String]) {
        self.sitemaps = sitemaps.to_vec();
    }

    pub(super) fn allow(&mut self, value: &[u8]) {
        self.add(true, value);
        // An index page and its folder are one document under two addresses: who may read one may read the other.
        if self.dialect == Dialect::Google
            && let Some(slash) = memchr::memrchr(b'/', value)
            && value[slash + 1..].starts_with(b"index.htm")
        {
            self.add(true, &[&value[..=slash], b"$"].concat());
        }
    }

    pub(super) fn disallow(&mut self, value: &[u8]) {
        self.add(false, value);
    }

    fn add(&mut self, allow: bool, value: &[u8]) {
        let Some(pattern) = Pattern::parse(self.dialect, value) else {
            return;
        };
        let start = self.texts.len();
        self.texts.push_str(&pattern.text);
        self.by_weight.push(Rule {
            start,
            end: self.texts.len(),
            to_the_end: pattern.to_the_end,
            allow,
        });
    }

    fn pattern(&self, rule: &Rule) -> Pattern<'_> {
        Pattern {
            text: Cow::Borrowed(&self.texts[rule.start..rule.end]),
            to_the_end: rule.to_the_end,
        }
    }

    pub(super) fn slow_to(&mut self, delay: Duration) {
        self.crawl_delay = self.crawl_delay.max(Some(delay));
    }

    pub(super) fn sort(&mut self) {
        // How much a pattern says is how long it is.
        self.by_weight.sort_by_key(|rule| {
            let weight = rule.end - rule.start + usize::from(rule.to_the_end);
            (Reverse(weight), Reverse(rule.allow))
        });
    }
}
