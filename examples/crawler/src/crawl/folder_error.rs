//! Why the directory of a crawl cannot be used.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::frontier::LogError;
use crate::output::OutputError;

/// The directory of a crawl cannot be used: says what was tried, what happened and what to do.
#[derive(Debug)]
pub struct FolderError(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Output(OutputError),
    Log(LogError),
    Directory(PathBuf, Trouble),
}

#[derive(Debug)]
pub(super) enum Trouble {
    Create(io::Error),
    /// Remove the crawl that is there.
    Overwrite(io::Error),
    /// Write down the options.
    Keep(io::Error),
    Use(io::Error),
    /// Another process uses it.
    Busy,
    HoldsCrawl,
    HoldsNone,
}

impl FolderError {
    pub(super) fn new(directory: &Path, trouble: Trouble) -> Self {
        Self(Box::new(Kind::Directory(directory.to_owned(), trouble)))
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (directory, trouble) = match &*self.0 {
            Kind::Output(error) => return error.fmt(formatter),
            Kind::Log(error) => return error.fmt(formatter),
            Kind::Directory(directory, trouble) => (directory.display(), trouble),
        };
        match trouble {
            Trouble::Create(error) => write!(
                formatter,
                "cannot make the directory {directory}: {error}; choose another with --out, or one that you may \
                 write to"
            ),
            Trouble::Overwrite(error) => {
                write!(
                    formatter,
                    "cannot overwrite the crawl in {directory}: {error}"
                )
            }
            Trouble::Keep(error) => write!(
                formatter,
                "cannot keep the options of the crawl in {directory}: {error}; choose another directory with --out"
            ),
            Trouble::Use(error) => write!(
                formatter,
                "cannot use {directory}: {error}; check its permissions, or choose another with --out"
            ),
            Trouble::Busy => write!(
                formatter,
                "another crawler is at work in {directory}; wait until it ends, or stop it"
            ),
            Trouble::HoldsCrawl => write!(
                formatter,
                "{directory} holds a crawl; go on with it by --resume {directory}, or add --overwrite to begin anew"
            ),
            Trouble::HoldsNone => write!(
                formatter,
                "{directory} holds no crawl to go on with; begin one with --out {directory} and a URL"
            ),
        }
    }
}

impl Error for FolderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            // They say all themselves, so the chain goes on below them.
            Kind::Output(error) => error.source(),
            Kind::Log(error) => error.source(),
            Kind::Directory(_, trouble) => match trouble {
                Trouble::Create(error)
                | Trouble::Overwrite(error)
                | Trouble::Keep(error)
                | Trouble::Use(error) => Some(error),
                Trouble::Busy | Trouble::HoldsCrawl | Trouble::HoldsNone => None,
            },
        }
    }
}

impl From<OutputError> for FolderError {
    fn from(error: OutputError) -> Self {
        Self(Box::new(Kind::Output(error)))
    }
}

impl From<LogError> for FolderError {
    fn from(error: LogError) -> Self {
        Self(Box::new(Kind::Log(error)))
    }
}
