//! When it is enough: of everything, of one host, of one kind.

use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;

use super::values;

/// The options about when it is enough.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "When it is enough")]
pub struct Limits {
    /// Stop after this much of bodies, decoded [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    pub max_bytes: Option<ByteSize>,

    /// Stop after this time [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = values::timeout)]
    pub max_time: Option<Duration>,

    /// Fetch at most this many pages of one host [default: no limit]
    #[arg(long, value_name = "N")]
    pub max_pages_per_host: Option<u64>,

    /// Deep in a site, follow at most this many URLs that differ only in numbers and led to each
    /// other, as those of a calendar; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub max_per_pattern: u32,

    /// Do not follow URLs with a folder more than this many times in their path
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = values::at_least_one)]
    pub max_repeats: usize,
}

impl Limits {
    /// How many deep URLs of one pattern are followed, if there is a limit.
    #[must_use]
    pub fn per_pattern(&self) -> Option<u32> {
        Some(self.max_per_pattern).filter(|limit| *limit > 0)
    }
}
