//! Why the log of a crawl cannot be used.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The log of a crawl cannot be read or written: says what was tried, what happened and what to do.
#[derive(Debug)]
pub struct LogError {
    path: PathBuf,
    trouble: Trouble,
}

#[derive(Debug)]
pub(super) enum Trouble {
    Create(io::Error),
    Read(io::Error),
    Write(io::Error),
    /// There is something else in the file.
    Strange,
    /// It was written by a crawler that has this version of the format.
    Version(u32),
    /// What stands at this place was never written by a crawler.
    Damaged(u64),
}

impl LogError {
    pub(super) fn new(path: &Path, trouble: Trouble) -> Self {
        Self {
            path: path.to_owned(),
            trouble,
        }
    }

    /// The file that the trouble is with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.trouble {
            Trouble::Create(error) => write!(
                formatter,
                "cannot create {path}: {error}; check its permissions, or choose another directory with --out"
            ),
            Trouble::Read(error) => {
                write!(
                    formatter,
                    "cannot read {path}: {error}; check its permissions"
                )
            }
            Trouble::Write(error) => write!(
                formatter,
                "cannot write to {path}: {error}; check the space that is left, then go on with --resume"
            ),
            Trouble::Strange => write!(
                formatter,
                "{path} is not the log of a crawl; put back the file, or begin anew with --out DIR --overwrite"
            ),
            Trouble::Version(version) => write!(
                formatter,
                "{path} is in version {version} of its format, which this crawler does not know; resume it with the \
                 crawler that began it"
            ),
            Trouble::Damaged(place) => write!(
                formatter,
                "{path} is damaged at byte {place}; put back a copy, or begin anew with --out DIR --overwrite"
            ),
        }
    }
}

impl Error for LogError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.trouble {
            Trouble::Create(error) | Trouble::Read(error) | Trouble::Write(error) => Some(error),
            Trouble::Strange | Trouble::Version(_) | Trouble::Damaged(_) => None,
        }
    }
}
