//! Where the crawl is told: files, the summary, the terminal.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The options about the output.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Write DIR/pages.jsonl, one JSON object a page, and what it takes to go on after a crash
    #[arg(long, value_name = "DIR", group = "directory")]
    pub out: Option<PathBuf>,

    /// Begin anew where --out names the directory of an earlier crawl
    #[arg(long, requires = "out")]
    pub overwrite: bool,

    /// Go on with the crawl in DIR, with its options; those given beside this one win
    #[arg(long, value_name = "DIR", group = "directory", conflicts_with_all = ["out", "overwrite"])]
    pub resume: Option<PathBuf>,

    /// How to print the summary
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub summary: SummaryFormat,

    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

impl Output {
    /// Tells whether the crawl has a directory.
    #[must_use]
    pub fn has_directory(&self) -> bool {
        self.out.is_some() || self.resume.is_some()
    }
}

/// How the summary is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// Aligned, for people
    Text,
    /// One JSON object on the last line of stdout
    Json,
}
