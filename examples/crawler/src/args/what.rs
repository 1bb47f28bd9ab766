//! What to crawl: where links may lead, and when it is enough.

use clap::{Args, ValueEnum};

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

    /// Fetch also what robots.txt disallows; only for sites of your own
    #[arg(long)]
    pub ignore_robots: bool,

    /// Connect also to private addresses that pages link to (those you name are always allowed)
    #[arg(long)]
    pub allow_private: bool,
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
