//! Why a request failed.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio_rustls::rustls;

use super::reason::Reason;

/// The part of a request in which its time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Resolving the name, connecting, or the TLS handshake.
    Connect,
    /// Sending the request, or waiting for the head of the response.
    Head,
    /// Reading the body.
    Body,
    /// Waiting for the next piece of the body.
    Piece,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "connecting",
            Self::Head => "waiting for the response",
            Self::Body => "reading the body",
            Self::Piece => "waiting for more of the body",
        })
    }
}

/// The failure of one request.
///
/// An answer with an error status (404, 503) is not a failure: it is a
/// [`Response`](super::Response). `host` is always the host as the URL names it, with the port if
/// that is not the default.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL cannot be requested: it is not `http` or `https`, or far too long.
    Url {
        /// The URL as it was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name has no address, or none that can be found out now.
    Name {
        /// The host that was looked up.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// Nothing answers at the addresses of the host, or the proxy does not lead there.
    Unreachable {
        /// The host that was tried.
        host: String,
        /// What the system says.
        source: io::Error,
    },
    /// All addresses of the host are private, and it is not trusted.
    PrivateAddress {
        /// The host that was refused.
        host: String,
        /// The first of its addresses.
        address: IpAddr,
    },
    /// The TLS handshake failed.
    Tls {
        /// The host that was tried.
        host: String,
        /// What the handshake says: a [`rustls::Error`] inside if the peer could be heard.
        source: io::Error,
    },
    /// Time ran out.
    Timeout {
        /// The host that was too slow.
        host: String,
        /// In which part of the request.
        phase: Phase,
        /// The bound that was exceeded.
        limit: Duration,
    },
    /// The peer broke HTTP, or closed the connection before it had answered.
    Protocol {
        /// The host that was talked to.
        host: String,
        /// What the protocol says.
        source: hyper::Error,
    },
    /// The body broke off.
    Body {
        /// The host that was talked to.
        host: String,
        /// What the protocol says.
        source: hyper::Error,
    },
    /// The body does not decode as its `Content-Encoding` says.
    Encoding {
        /// The host that was talked to.
        host: String,
        /// What the decoder says.
        source: io::Error,
    },
}

impl FetchError {
    /// Tells whether the same request may well succeed a little later.
    ///
    /// False for what the other side would do again: a refused address, a bad certificate, a
    /// malformed head, a corrupt body.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Name { .. } | Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Tls { source, .. } => !source
                .get_ref()
                .is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>),
            Self::Protocol { source, .. } | Self::Body { source, .. } => !source.is_parse(),
            Self::Url { .. } | Self::PrivateAddress { .. } | Self::Encoding { .. } => false,
        }
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Url { .. } => Reason::Url,
            Self::Name { .. } => Reason::Name,
            Self::Unreachable { .. } => Reason::Unreachable,
            Self::PrivateAddress { .. } => Reason::PrivateAddress,
            Self::Tls { .. } => Reason::Tls,
            Self::Timeout { phase, .. } => match phase {
                Phase::Connect => Reason::ConnectTimeout,
                Phase::Head => Reason::HeadTimeout,
                Phase::Body | Phase::Piece => Reason::BodyTimeout,
            },
            Self::Protocol { source, .. } if source.is_parse_too_large() => Reason::HeadTooLarge,
            Self::Protocol { .. } => Reason::Protocol,
            Self::Body { .. } => Reason::BrokenBody,
            Self::Encoding { .. } => Reason::Coding,
        }
    }

    /// Tells whether time ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { url, reason } => write!(formatter, "cannot request {url}: {reason}"),
            Self::Name { host, source } => write!(formatter, "cannot find {host}: {source}"),
            Self::Unreachable { host, source } => {
                write!(formatter, "cannot reach {host}: {source}")
            }
            Self::PrivateAddress { host, address } => write!(
                formatter,
                "refused to connect to {host}: {address} is not a public address (see --allow-private)"
            ),
            Self::Tls { host, source } => {
                write!(formatter, "no secure connection to {host}: {source}")
            }
            Self::Timeout { host, phase, limit } => write!(
                formatter,
                "{host} took longer than {}: gave up {phase}",
                humantime::format_duration(*limit)
            ),
            Self::Protocol { host, source } => {
                write!(formatter, "no valid answer from {host}: {}", Causes(source))
            }
            Self::Body { host, source } => {
                write!(
                    formatter,
                    "the body from {host} broke off: {}",
                    Causes(source)
                )
            }
            Self::Encoding { host, source } => {
                write!(formatter, "the body from {host} does not decode: {source}")
            }
        }
    }
}

/// An error and what is behind it on one line: hyper keeps the telling part in the source.
struct Causes<'a>(&'a hyper::Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(formatter, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Name { source, .. }
            | Self::Unreachable { source, .. }
            | Self::Tls { source, .. }
            | Self::Encoding { source, .. } => Some(source),
            Self::Protocol { source, .. } | Self::Body { source, .. } => Some(source),
            Self::Url { .. } | Self::PrivateAddress { .. } | Self::Timeout { .. } => None,
        }
    }
}
