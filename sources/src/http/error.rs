//! Why there is no answer from an HTTP server, with its address.

use std::{error::Error, fmt, io, time::Duration};

/// The failure of an HTTP client: what it asked for, and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpError {
    /// The address is none that can be asked.
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The connection could not be made.
    Connect {
        /// The address that was asked.
        url: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The connection broke, or was silent for too long, or what came is no HTTP.
    Receive {
        /// The address that was asked.
        url: String,
        /// What went wrong.
        cause: hyper::Error,
    },
    /// The answer took too long.
    Late {
        /// The address that was asked.
        url: String,
        /// The time that was allowed.
        limit: Duration,
    },
    /// The server answered with a status that is none of success.
    Status {
        /// The address that was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// A body or event is longer than is allowed.
    TooLarge {
        /// The address that was asked.
        url: String,
        /// The allowed length in bytes.
        limit: usize,
    },
    /// The answer is no stream of events.
    NotEvents {
        /// The address that was asked.
        url: String,
        /// What it is, if the server said so.
        content_type: String,
    },
}

impl HttpError {
    /// Tells whether the same request may fare better later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Receive { .. } | Self::Late { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..),
            Self::Address { .. } | Self::TooLarge { .. } | Self::NotEvents { .. } => false,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { url, reason } => write!(f, "cannot ask {url}: {reason}"),
            Self::Connect { url, cause } => write!(f, "cannot connect to {url}: {cause}"),
            Self::Receive { url, cause } => {
                write!(f, "lost the connection to {url}: {cause}")?;
                cause
                    .source()
                    .map_or(Ok(()), |cause| write!(f, ": {cause}"))
            }
            Self::Late { url, limit } => write!(f, "no answer from {url} within {limit:?}"),
            Self::Status { url, status } => write!(f, "{url} answered with status {status}"),
            Self::TooLarge { url, limit } => {
                write!(
                    f,
                    "{url} sent more than {limit} bytes at once; allow more with `max_length`"
                )
            }
            Self::NotEvents { url, content_type } => {
                write!(f, "{url} sent no text/event-stream, but {content_type:?}")
            }
        }
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect { cause, .. } => Some(cause),
            // `Display` already says what the cause says, so the chain goes on below it.
            Self::Receive { cause, .. } => cause.source().and_then(Error::source),
            _ => None,
        }
    }
}
