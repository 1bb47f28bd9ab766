//! What is written beside the pages, into the directory of `--out`.

use bytesize::ByteSize;
use clap::Args;

use super::values;
use crate::output::Algorithm;

/// The options about more files.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "More files in DIR")]
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
        self.warc
    }
}
