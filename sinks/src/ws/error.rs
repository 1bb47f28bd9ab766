//! Why a WebSocket client failed, with its address.

use std::{error::Error, fmt};

use tokio_tungstenite::tungstenite;

/// The failure of a WebSocket client: what it tried, where, and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The connection could not be made.
    Connect {
        /// The address that was asked for.
        url: String,
        /// What went wrong.
        cause: tungstenite::Error,
    },
    /// A message could not be sent.
    Send {
        /// The address of the server.
        url: String,
        /// What went wrong.
        cause: tungstenite::Error,
    },
    /// The server has closed the connection.
    Closed {
        /// The address of the server.
        url: String,
        /// The server's own words, often none.
        reason: String,
    },
    /// The server did not answer the close.
    NotAnswered {
        /// The address of the server.
        url: String,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { url, cause } => write!(f, "cannot connect to {url}: {cause}"),
            Self::Send { url, cause } => write!(f, "cannot send to {url}: {cause}"),
            Self::Closed { url, reason } if reason.is_empty() => {
                write!(f, "{url} has closed the connection")
            }
            Self::Closed { url, reason } => write!(f, "{url} has closed the connection: {reason}"),
            Self::NotAnswered { url } => write!(
                f,
                "{url} did not answer the close: the last messages may be lost"
            ),
        }
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect { cause, .. } | Self::Send { cause, .. } => Some(cause),
            Self::Closed { .. } | Self::NotAnswered { .. } => None,
        }
    }
}
