//! Why an output could not be written.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The output could not be written: says what was tried, what happened and what to do.
#[derive(Debug)]
pub struct OutputError {
    attempt: Attempt,
    path: PathBuf,
    source: io::Error,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Attempt {
    CreateDirectory,
    CreateFile,
    /// Begin an archive where there is one.
    BeginArchive,
    /// Take up a file where an earlier crawl left it.
    Reopen,
    ReadBack,
    Write,
}

impl OutputError {
    pub(super) fn new(attempt: Attempt, path: &Path, source: io::Error) -> Self {
        Self {
            attempt,
            path: path.to_owned(),
            source,
        }
    }

    /// The directory or file that the trouble is with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (attempt, advice) = match self.attempt {
            Attempt::CreateDirectory => (
                "make the directory",
                "choose another with --out, or one that you may write to",
            ),
            Attempt::CreateFile => (
                "create",
                "check its permissions, or choose another directory with --out",
            ),
            Attempt::BeginArchive => (
                "begin an archive in",
                "choose another directory with --out, or move the archive away",
            ),
            Attempt::Reopen => (
                "go on with",
                "put back the files as the crawl left them, or begin anew with --out",
            ),
            Attempt::ReadBack => (
                "read back",
                "the crawl needs what it wrote: leave its files alone while it runs",
            ),
            Attempt::Write => (
                "write to",
                "check the space that is left, or choose another directory with --out",
            ),
        };
        let path = self.path.display();
        write!(
            formatter,
            "cannot {attempt} {path}: {}; {advice}",
            self.source
        )
    }
}

impl Error for OutputError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
