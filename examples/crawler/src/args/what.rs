//! What to crawl: where links may lead, and when it is enough.

use clap::{Args, ValueEnum};
use regex::Regex;
use url::Url;

use super::values;
use crate::robots::Dialect;
use crate::url::{Extensions, Filter};

/// The options about what to crawl.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What to crawl")]
pub struct What {
    /// Stop after this many pages
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub max_pages: u64,

    /// Follow at most this many links in a row from a start [default: no limit]
    #[arg(long, value_name = "N")]
    pub max_depth: Option<u32>,

    /// Follow links to the given hosts, to their domains, below the given URLs, or to anywhere
    #[arg(long, value_enum, default_value_t = Scope::Host)]
    pub scope: Scope,

    /// Follow only URLs that match this regular expression; may be given several times
    #[arg(long, value_name = "REGEX")]
    pub include: Vec<Regex>,

    /// Do not follow URLs that match this regular expression; may be given several times
    #[arg(long, value_name = "REGEX")]
    pub exclude: Vec<Regex>,

    /// Do not follow URLs that end in these, such as `pdf,zip` [default: those of images, archives
    /// and other files without links]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub skip_extensions: Option<Vec<String>>,

    /// Whom to follow where readings of robots.txt differ
    #[arg(long, value_enum, default_value_t = RobotsDialect::Rfc9309)]
    pub robots_dialect: RobotsDialect,

    /// Read also this sitemap; may be given several times
    #[arg(long, value_name = "URL", value_parser = values::url)]
    pub sitemap: Vec<Url>,

    /// Do not read the sitemaps that sites list in their robots.txt
    #[arg(long)]
    pub no_sitemaps: bool,

    /// Fetch also what robots.txt disallows; only for sites of your own
    #[arg(long)]
    pub ignore_robots: bool,

    /// Connect also to private addresses that pages link to (those you name are always allowed)
    #[arg(long)]
    pub allow_private: bool,
}

impl What {
    /// The regular expressions that URLs have to match or not.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
        }
    }

    /// The extensions of files that are not asked for.
    #[must_use]
    pub fn extensions(&self) -> Extensions {
        let chosen = self.skip_extensions.clone();
        chosen.map_or_else(Extensions::default, Extensions::from_iter)
    }
}

/// How a robots.txt is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RobotsDialect {
    /// As the standard says
    Rfc9309,
    /// As the crawler of Google does
    Google,
}

impl From<RobotsDialect> for Dialect {
    fn from(dialect: RobotsDialect) -> Self {
        match dialect {
            RobotsDialect::Rfc9309 => Self::Rfc9309,
            RobotsDialect::Google => Self::Google,
        }
    }
}

/// Which links belong to a crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Those to the hosts that were given
    Host,
    /// Those to the registered domains that were given, whatever the subdomain
    Domain,
    /// Those that begin with a URL that was given
    Prefix,
    /// All
    Any,
}

impl From<Scope> for crate::url::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Host => Self::Host,
            Scope::Domain => Self::Domain,
            Scope::Prefix => Self::Prefix,
            Scope::Any => Self::Any,
        }
    }
}
