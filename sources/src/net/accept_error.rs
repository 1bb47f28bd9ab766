//! Why a listener accepts nobody any more.

use std::{error::Error, fmt, io};

/// A listener that cannot accept any more.
#[derive(Debug)]
pub struct AcceptError {
    address: Option<String>,
    cause: io::Error,
}

impl AcceptError {
    pub(crate) fn new(address: Option<String>, cause: io::Error) -> Self {
        Self { address, cause }
    }

    /// Gives the address or path that was listened on, if the system still knew it.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot accept connections")?;
        if let Some(address) = &self.address {
            write!(f, " on {address}")?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl Error for AcceptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
