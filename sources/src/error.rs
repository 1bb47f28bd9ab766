//! Why lines could not be read, with the file or address and the line.

use std::{error::Error, fmt, io};

/// The failure of a source of lines: what was read, how far it came, and why not further.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The file or connection could not be opened.
    Open {
        /// The file or connection.
        from: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A line could not be read.
    Read {
        /// The file or connection.
        from: String,
        /// The line, counted from 1.
        line: u64,
        /// What the system said.
        cause: io::Error,
    },
    /// A line is longer than is allowed.
    TooLong {
        /// The file or connection.
        from: String,
        /// The line, counted from 1.
        line: u64,
        /// The allowed length in bytes.
        limit: usize,
    },
    /// A line is not text in UTF-8.
    NotText {
        /// The file or connection.
        from: String,
        /// The line, counted from 1.
        line: u64,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { from, cause } => write!(f, "cannot open {from}: {cause}"),
            Self::Read { from, line, cause } => {
                write!(f, "cannot read line {line} of {from}: {cause}")
            }
            Self::TooLong { from, line, limit } => write!(
                f,
                "line {line} of {from} is longer than {limit} bytes; allow more with `max_length`"
            ),
            Self::NotText { from, line } => write!(f, "line {line} of {from} is not UTF-8"),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open { cause, .. } | Self::Read { cause, .. } => Some(cause),
            Self::TooLong { .. } | Self::NotText { .. } => None,
        }
    }
}
