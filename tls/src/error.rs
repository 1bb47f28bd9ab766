//! Why there is no encryption, with the file or the time.

use std::{error::Error, fmt, io, path::Path, time::Duration};

use tokio_rustls::rustls::{self, pki_types::pem};

/// Why there is no encryption.
#[derive(Debug)]
pub struct TlsError(Failure);

#[derive(Debug)]
enum Failure {
    Pem { path: String, cause: pem::Error },
    Config(rustls::Error),
    Handshake(io::Error),
    Late(Duration),
}

impl TlsError {
    pub(crate) fn pem(path: &Path, cause: pem::Error) -> Self {
        let path = path.display().to_string();
        Self(Failure::Pem { path, cause })
    }

    pub(crate) fn handshake(cause: io::Error) -> Self {
        Self(Failure::Handshake(cause))
    }

    pub(crate) fn late(limit: Duration) -> Self {
        Self(Failure::Late(limit))
    }

    /// Tells whether a client is to blame, so that the next one may fare better.
    pub fn is_handshake(&self) -> bool {
        matches!(self.0, Failure::Handshake(_) | Failure::Late(_))
    }
}

impl From<rustls::Error> for TlsError {
    fn from(cause: rustls::Error) -> Self {
        Self(Failure::Config(cause))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Failure::Pem { path, cause } => {
                write!(f, "cannot read a certificate or key from {path}: {cause}")
            }
            Failure::Config(cause) => write!(f, "cannot set up TLS: {cause}"),
            Failure::Handshake(cause) => write!(f, "no TLS with a client: {cause}"),
            Failure::Late(limit) => write!(f, "no TLS with a client within {limit:?}"),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Failure::Pem { cause, .. } => Some(cause),
            Failure::Config(cause) => Some(cause),
            Failure::Handshake(cause) => Some(cause),
            Failure::Late(_) => None,
        }
    }
}
