//! How fast to crawl: what is in flight, and the pauses of a host.

use std::time::Duration;

use clap::Args;

use super::values;

/// The options about how fast to crawl.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How fast")]
pub struct Speed {
    /// Requests in flight at once, over all hosts
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = values::at_least_one)]
    pub concurrency: usize,

    /// Requests in flight at once, to one host
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = values::at_least_one)]
    pub per_host: usize,

    /// Pause between two requests to one host, longer where it asks for that [default: 250ms, and
    /// none for this machine]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub delay: Option<Duration>,

    /// Begin at most this many pages a second, over all hosts [default: no limit]
    #[arg(long, value_name = "PAGES", value_parser = values::rate)]
    pub rate: Option<f64>,
}
