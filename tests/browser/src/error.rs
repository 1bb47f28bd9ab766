//! What can go wrong with a browser, or with the page in it.

use std::{error::Error, fmt, io};

use tokio_tungstenite::tungstenite;

/// A browser could not be used, or a page does not do what is expected of it.
#[derive(Debug)]
pub enum BrowserError {
    /// There is none on this machine.
    Missing,
    /// It could not be started.
    Start(io::Error),
    /// It ended at once, and said this.
    Quit(String),
    /// The connection to it broke.
    Connection(Box<tungstenite::Error>),
    /// It is gone, or says what is not in its protocol.
    Gone,
    /// It does not want to do this: the command and what it said.
    Refused {
        /// The command of the protocol.
        command: String,
        /// What the browser said.
        message: String,
    },
    /// A script threw an error.
    Script {
        /// What was to be evaluated.
        script: String,
        /// The error.
        message: String,
    },
    /// What was waited for did not happen in time.
    TimedOut {
        /// The condition.
        condition: String,
        /// The text that the page showed instead.
        page: String,
    },
    /// A screenshot could not be written.
    Screenshot(io::Error),
}

impl fmt::Display for BrowserError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("no Chromium is installed on this machine"),
            Self::Start(error) => write!(formatter, "cannot start Chromium: {error}"),
            Self::Quit(said) => write!(formatter, "Chromium ended at once:\n{said}"),
            Self::Connection(error) => write!(formatter, "lost the browser: {error}"),
            Self::Gone => formatter.write_str("the browser is gone"),
            Self::Refused { command, message } => {
                write!(formatter, "the browser refused {command}: {message}")
            }
            Self::Script { script, message } => {
                write!(formatter, "`{script}` failed in the page: {message}")
            }
            Self::TimedOut { condition, page } => {
                write!(
                    formatter,
                    "waited in vain for `{condition}`; the page:\n{page}"
                )
            }
            Self::Screenshot(error) => write!(formatter, "cannot write the screenshot: {error}"),
        }
    }
}

impl Error for BrowserError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Start(error) | Self::Screenshot(error) => Some(error),
            Self::Connection(error) => Some(error),
            _ => None,
        }
    }
}

impl From<tungstenite::Error> for BrowserError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Connection(Box::new(error))
    }
}
