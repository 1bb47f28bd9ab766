//! Why a hub could not start, or cannot publish.

use std::{error::Error, fmt, io, path::PathBuf};

/// A hub that could not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum BindError {
    /// It cannot listen: the address is none of this machine, is taken or not allowed.
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        cause: io::Error,
    },
    /// Its history cannot be kept in the file that it should be kept in.
    Journal(JournalError),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, cause } => write!(f, "cannot listen on {address}: {cause}"),
            Self::Journal(error) => error.fmt(f),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen { cause, .. } => Some(cause),
            Self::Journal(error) => error.source(),
        }
    }
}

impl From<JournalError> for BindError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// What is wrong with the file of [`Builder::journal`](super::Builder::journal).
#[derive(Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// It cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It cannot be written, or not be made.
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Another hub has it.
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is something else, and stays as it is.
    Strange {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, cause } => {
                write!(f, "cannot read the journal {}: {cause}", path.display())
            }
            Self::Write { path, cause } => {
                write!(f, "cannot write the journal {}: {cause}", path.display())
            }
            Self::Busy { path } => write!(
                f,
                "the journal {} is that of a hub that is running: stop it, or take another file",
                path.display()
            ),
            Self::Strange { path } => write!(
                f,
                "{} is no journal of a hub, or one of another version: move it away, or take another file",
                path.display()
            ),
        }
    }
}

impl Error for JournalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read { cause, .. } | Self::Write { cause, .. } => Some(cause),
            Self::Busy { .. } | Self::Strange { .. } => None,
        }
    }
}

/// The failure to publish an event.
#[derive(Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// The hub is closed, or one of its tasks has panicked.
    Closed,
    /// A value has no form in JSON.
    Encode {
        /// The topic that it was for.
        topic: String,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// An event cannot be kept, and so is not published: the disk is full, say. The next may be.
    Journal(JournalError),
}

impl From<JournalError> for PublishError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("cannot publish: the hub is closed"),
            Self::Encode { topic, cause } => {
                write!(
                    f,
                    "cannot publish to {topic}: the value has no form in JSON: {cause}"
                )
            }
            Self::Journal(error) => write!(f, "cannot publish: {error}"),
        }
    }
}

impl Error for PublishError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Closed => None,
            Self::Encode { cause, .. } => Some(cause),
            Self::Journal(error) => error.source(),
        }
    }
}
