//! Why a file could not be read, with its path and how far it was read.

use std::{error::Error, fmt, io, path::PathBuf};

/// The failure of a source that reads a file: which one, how far it came, and why not further.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The file could not be opened.
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file could not be read on.
    Read {
        /// The file.
        path: PathBuf,
        /// How many bytes were emitted before.
        position: u64,
        /// What the system said, or what is wrong with compressed data.
        cause: io::Error,
    },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, cause } => write!(f, "cannot open {}: {cause}", path.display()),
            Self::Read {
                path,
                position,
                cause,
            } => write!(
                f,
                "cannot read {} after byte {position}: {cause}",
                path.display()
            ),
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open { cause, .. } | Self::Read { cause, .. } => Some(cause),
        }
    }
}
