//! Why a WebSocket failed, with its address.

use std::{error::Error, fmt};

use tokio_tungstenite::tungstenite;

/// The failure of a WebSocket: what it tried, where, and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum WsError {
    /// The connection could not be made.
    Connect {
        /// The address that was asked for.
        url: String,
        /// What went wrong.
        cause: tungstenite::Error,
    },
    /// The connection broke.
    Receive {
        /// The address of the server.
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
    /// The server closed the connection and gave a reason that is no good end.
    Closed {
        /// The address of the server.
        url: String,
        /// The status code of RFC 6455.
        code: u16,
        /// The server's own words, often none.
        reason: String,
    },
}

impl WsError {
    /// Tells whether another connection would end the same way.
    pub(super) fn is_final(&self, retry_code: fn(u16) -> bool) -> bool {
        use tungstenite::{Error, error::ProtocolError::ResetWithoutClosingHandshake};
        match self {
            Self::Closed { code, .. } => !retry_code(*code),
            Self::Connect { cause, .. } => match cause {
                Error::Http(response) => matches!(response.status().as_u16(), 401 | 403),
                Error::Url(_) | Error::HttpFormat(_) => true,
                _ => false,
            },
            Self::Receive { cause, .. } | Self::Send { cause, .. } => match cause {
                Error::Protocol(ResetWithoutClosingHandshake) => false,
                Error::Protocol(_) | Error::Capacity(_) | Error::Utf8(_) => true,
                _ => false,
            },
        }
    }
}

impl fmt::Display for WsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { url, cause } => write!(f, "cannot connect to {url}: {cause}"),
            Self::Receive { url, cause } => write!(f, "lost the connection to {url}: {cause}"),
            Self::Send { url, cause } => write!(f, "cannot send to {url}: {cause}"),
            Self::Closed { url, code, reason } => {
                write!(f, "{url} closed the connection with code {code}")?;
                if reason.is_empty() {
                    return Ok(());
                }
                write!(f, ": {reason}")
            }
        }
    }
}

impl Error for WsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect { cause, .. }
            | Self::Receive { cause, .. }
            | Self::Send { cause, .. } => Some(cause),
            Self::Closed { .. } => None,
        }
    }
}
