//! Which wishes of pages are heeded.

use clap::{Args, ValueEnum};

/// The options about the wishes of pages.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What to crawl")]
pub struct Obey {
    /// What pages ask for that is heeded: their links not to be followed, or another address to be
    /// taken for theirs; `--obey=` for nothing
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',', num_args = 0..=1,
          require_equals = true, default_value = "nofollow,meta,header,canonical")]
    pub obey: Vec<Wish>,
}

/// A way in which pages ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wish {
    /// `rel=nofollow` of a link
    Nofollow,
    /// `<meta name=robots>`, or one with the name of this crawler
    Meta,
    /// The header X-Robots-Tag
    Header,
    /// `<link rel=canonical>`: that page is fetched, too
    Canonical,
}
