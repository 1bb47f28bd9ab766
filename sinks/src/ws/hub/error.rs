//! Why a hub could not listen, or cannot publish.

use std::{error::Error, fmt, io};

/// A hub that could not listen.
#[derive(Debug)]
pub struct BindError {
    pub(super) address: String,
    pub(super) cause: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.address, self.cause)
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
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
        }
    }
}

impl Error for PublishError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Closed => None,
            Self::Encode { cause, .. } => Some(cause),
        }
    }
}
