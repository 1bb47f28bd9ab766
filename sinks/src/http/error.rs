//! Why a request failed, with its address.

use std::{error::Error, fmt, io, time::Duration};

use crate::encoding::EncodeError;

/// The failure of a request: what was tried, where, and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpError {
    /// The address or a header is none.
    Invalid {
        /// What was given.
        given: String,
        /// What is wrong with it.
        cause: EncodeError,
    },
    /// An item has no form in the encoding. Those before it were posted.
    Encode {
        /// The address.
        url: String,
        /// What the item has that the encoding has not.
        cause: EncodeError,
    },
    /// The connection could not be made.
    Connect {
        /// The address.
        url: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The connection broke; whether the server has the items is not known.
    Broken {
        /// The address.
        url: String,
        /// What went wrong.
        cause: hyper::Error,
    },
    /// The answer did not come in time; whether the server has the items is not known.
    TimedOut {
        /// The address.
        url: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// The server answered that it did not take the items.
    Status {
        /// The address.
        url: String,
        /// The status code.
        code: u16,
        /// The first words of the server's own, often none.
        reason: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// Whether it may take them later: it said 429 or 5xx, and does not ask for a longer wait than is allowed.
        transient: bool,
    },
}

impl HttpError {
    /// Tells whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::Encode { .. } => false,
            Self::Connect { .. } | Self::Broken { .. } | Self::TimedOut { .. } => true,
            Self::Status { transient, .. } => *transient,
        }
    }

    /// Gives the status code, if the server answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Gives how long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { given, cause } => write!(f, "cannot post with {given}: {cause}"),
            Self::Encode { url, cause } => write!(f, "cannot encode an item for {url}: {cause}"),
            Self::Connect { url, cause } => write!(f, "cannot connect to {url}: {cause}"),
            Self::Broken { url, cause } => write!(f, "lost the connection to {url}: {cause}"),
            Self::TimedOut { url, after } => write!(f, "{url} did not answer within {after:?}"),
            Self::Status {
                url,
                code,
                reason,
                retry_after,
                ..
            } => {
                write!(f, "{url} answered {code}")?;
                if let Some(wait) = retry_after {
                    write!(f, ", to be asked again after {wait:?}")?;
                }
                if reason.is_empty() {
                    return Ok(());
                }
                write!(f, ": {reason}")
            }
        }
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Invalid { cause, .. } | Self::Encode { cause, .. } => Some(&**cause),
            Self::Connect { cause, .. } => Some(cause),
            Self::Broken { cause, .. } => Some(cause),
            Self::TimedOut { .. } | Self::Status { .. } => None,
        }
    }
}
