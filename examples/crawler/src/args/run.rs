//! What is about one run alone: it is not kept for a run that goes on with the crawl.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::values;

/// The options about this run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "This run")]
pub struct Run {
    /// Serve a dashboard for browsers, with controls and metrics; where, is printed
    ///
    /// Without an ADDRESS it is served at 127.0.0.1:8707 or the next port that is free, to this machine alone. At an
    /// address that other machines reach it only shows: the controls are for this machine. There are also /metrics, for
    /// Prometheus, and /state.json.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true, default_missing_value = "auto",
          value_parser = values::dashboard)]
    pub dashboard: Option<DashboardAddress>,

    /// Fetch only the given URLs and the sitemaps, tell what would be crawled and with what pauses, and write nothing
    #[arg(long, conflicts_with = "resume")]
    pub dry_run: bool,

    /// Read options from a TOML file; those on the command line win
    ///
    /// The keys are the long names of the options, such as `max-pages = 50`; `urls` lists where to start. Options that may
    /// be given several times are lists, and the command line adds to them. No file is read unless it is named here.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print all options as such a file, with what was given here, and leave
    #[arg(long)]
    pub print_config: bool,
}

/// Where the dashboard is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DashboardAddress {
    /// On this machine, at the usual port or the next that is free.
    Auto,
    /// There and nowhere else.
    At(SocketAddr),
}
