//! How to fetch: what a request says, and what is kept of the response.

use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use hyper::header::HeaderValue;

use super::values;
use crate::fetch::DEFAULT_USER_AGENT;

/// The options about how to fetch.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How to fetch")]
pub struct Fetching {
    /// Give up on a request after this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::timeout)]
    pub timeout: Duration,

    /// Try a request again this many times if it may succeed later
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub retries: u32,

    /// Keep at most this much of a body
    #[arg(long, value_name = "SIZE", default_value = "2MiB", value_parser = values::size)]
    pub body_limit: ByteSize,

    /// How the crawler introduces itself, in requests and to robots.txt
    #[arg(long, value_name = "NAME", default_value = DEFAULT_USER_AGENT,
          value_parser = values::user_agent)]
    pub user_agent: HeaderValue,
}
