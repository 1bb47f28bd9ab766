//! The command line of `crawler report`.

use std::path::PathBuf;

use clap::Parser;

/// What a report is asked for.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "crawler report",
    about = "Tells what the crawl in DIR came to, finished or not: tables on stdout, and one HTML file if asked for."
)]
pub struct Report {
    /// The directory that --out named
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,

    /// Write the report to FILE too, as a page that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// The most entries of a list in the HTML
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub top: usize,
}
