//! What is written beside the pages, into the directory of `--out`.

use bytesize::ByteSize;
use clap::{Args, ValueEnum};

use super::values;
use crate::output::{Algorithm, Rule};

/// The options about more files.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "More files in DIR")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub struct Files {
    /// Tell which pages have the body of an earlier one (`duplicate_of`); their links are followed all the same
    #[arg(long, requires = "directory")]
    pub dedupe: bool,

    /// Write DIR/rejected.jsonl: each URL that was found and not fetched, where, and why
    #[arg(long, requires = "directory")]
    pub rejected: bool,

    /// Archive requests and responses in DIR/archive/*.warc.gz (WARC 1.1), with an index in DIR/indexes; one body is
    /// stored once
    #[arg(long, requires = "directory")]
    pub warc: bool,

    /// Begin another archive file when one is larger than this
    #[arg(long, value_name = "SIZE", default_value = "1GB", value_parser = values::size)]
    pub warc_size: ByteSize,

    /// Write DIR/links.csv: source, target and kind of each link, redirect and canonical address
    #[arg(long, requires = "directory")]
    pub links: bool,

    /// Write DIR/text.jsonl: the text of each page
    #[arg(long, requires = "directory")]
    pub text: bool,

    /// Take what a CSS selector finds out of each page, its text or an attribute: `title=h1`, `next=a.next@href`; may
    /// be repeated
    #[arg(long, value_name = "NAME=CSS[@ATTR]", requires = "directory", value_parser = Rule::parse)]
    pub extract: Vec<Rule>,

    /// How that is written, to DIR/extract.jsonl or DIR/extract.csv
    #[arg(long, value_enum, default_value_t = ExtractFormat::Jsonl)]
    pub extract_format: ExtractFormat,
}

impl Files {
    /// How bodies are told apart.
    #[must_use]
    pub fn digests(&self) -> Algorithm {
        if self.warc {
            Algorithm::Sha1
        } else {
            Algorithm::Xxh3
        }
    }

    /// Whether a file needs the responses themselves.
    #[must_use]
    pub fn need_responses(&self) -> bool {
        self.warc || self.links || self.text || !self.extract.is_empty()
    }
}

/// How extracted values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExtractFormat {
    /// One JSON object a page, with a list for each name
    Jsonl,
    /// One row a page; values of one name stand in lines of one cell
    Csv,
}

impl ExtractFormat {
    /// The file of that format.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Jsonl => "extract.jsonl",
            Self::Csv => "extract.csv",
        }
    }
}
