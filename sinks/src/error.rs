//! Why something could not be written, with the file or address.

use std::{error::Error, fmt, io};

/// The failure of a sink that writes bytes: what it tried, where, and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The file or connection could not be opened.
    Open {
        /// The file or connection.
        to: String,
        /// What the system said.
        cause: io::Error,
    },
    /// An item has no form that could be written. Those before it are.
    Encode {
        /// The file or connection.
        to: String,
        /// What the item has that JSON does not, for example.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The bytes could not be written, all or in part.
    Write {
        /// The file or connection.
        to: String,
        /// What the system said.
        cause: io::Error,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { to, cause } => write!(f, "cannot open {to}: {cause}"),
            Self::Encode { to, cause } => write!(f, "cannot encode an item for {to}: {cause}"),
            Self::Write { to, cause } => write!(f, "cannot write to {to}: {cause}"),
        }
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open { cause, .. } | Self::Write { cause, .. } => Some(cause),
            Self::Encode { cause, .. } => Some(&**cause),
        }
    }
}
