//! What can go wrong with a file that is followed, and with the positions in it.

use std::{error::Error, fmt, io, path::PathBuf};

use super::position::Position;

/// What went wrong with a file that is followed: as an item of [`tail`](super::tail()), which goes on beside it, or as
/// the end of a [`TrackedTail`](super::TrackedTail).
#[derive(Debug)]
#[non_exhaustive]
pub enum TailError {
    /// The file is there and cannot be read. Told once, until it can or fails in another way; it is tried on and on.
    Unreadable {
        /// The path that is followed.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A line is longer than is allowed. It is passed over.
    TooLong {
        /// The path that is followed.
        path: PathBuf,
        /// The number of bytes before the line.
        offset: u64,
        /// The allowed length in bytes.
        limit: usize,
    },
    /// A line is not text in UTF-8; see [`Line::into_text`](super::Line::into_text).
    NotText {
        /// The path that is followed.
        path: PathBuf,
        /// The number of bytes before the line.
        offset: u64,
        /// The line.
        bytes: Vec<u8>,
    },
    /// The file was truncated while there was more to read: that is lost.
    Truncated {
        /// The path that is followed.
        path: PathBuf,
        /// How many bytes at least were not read.
        unread: u64,
    },
    /// The file in which a position was saved is not there any more; what came after it there, if anything did, is lost.
    Gone {
        /// The path that is followed.
        path: PathBuf,
        /// The position.
        position: Position,
    },
    /// The positions could not be saved. It is tried again; until it succeeds, a restart repeats more lines.
    NotSaved {
        /// The file of the [`PositionStore`](super::PositionStore).
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The saved positions could not be read, so that it is not known where to begin. The end of a tracked tail.
    NotRestored {
        /// The file of the [`PositionStore`](super::PositionStore).
        path: PathBuf,
        /// What the system said, or what is wrong in the file.
        cause: io::Error,
    },
    /// A line was dropped without being acknowledged. The end of a tracked tail; a new one goes on at the first such line.
    Unacknowledged {
        /// The path that is followed.
        path: PathBuf,
        /// The place after the line.
        position: Position,
    },
}

impl fmt::Display for TailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, cause } => {
                write!(f, "cannot follow {}: {cause}", path.display())
            }
            Self::TooLong {
                path,
                offset,
                limit,
            } => write!(
                f,
                "the line after byte {offset} of {} is longer than {limit} bytes; allow more with `max_length`",
                path.display()
            ),
            Self::NotText { path, offset, .. } => write!(
                f,
                "the line after byte {offset} of {} is not UTF-8",
                path.display()
            ),
            Self::Truncated { path, unread } => write!(
                f,
                "{} was truncated when at least {unread} bytes of it were not read",
                path.display()
            ),
            Self::Gone { path, position } => write!(
                f,
                "the file that {} was, and that was read up to byte {}, is gone",
                path.display(),
                position.offset()
            ),
            Self::NotSaved { path, cause } => {
                write!(f, "cannot save positions in {}: {cause}", path.display())
            }
            Self::NotRestored { path, cause } => {
                write!(f, "cannot read positions from {}: {cause}", path.display())
            }
            Self::Unacknowledged { path, position } => write!(
                f,
                "a line of {}, the one before byte {}, was dropped without being acknowledged",
                path.display(),
                position.offset()
            ),
        }
    }
}

impl Error for TailError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable { cause, .. }
            | Self::NotSaved { cause, .. }
            | Self::NotRestored { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
