//! Why a server could not be measured.

use std::{error::Error, fmt, io};

use crate::server::StartError;

#[derive(Debug)]
pub(crate) enum Failure {
    Start(StartError),
    /// A client was answered something else than that it is welcome.
    TurnedAway {
        answer: String,
    },
    Slow {
        connected: usize,
        all: usize,
    },
    /// A call to the kernel.
    System(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(source) => source.fmt(f),
            Self::TurnedAway { answer } if answer.is_empty() => {
                f.write_str("it closed a connection without an answer")
            }
            Self::TurnedAway { answer } => write!(f, "it turned a client away: {answer}"),
            Self::Slow { connected, all } => {
                write!(
                    f,
                    "only {connected} of {all} clients were connected in time"
                )
            }
            Self::System(source) => write!(f, "{source}"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Start(source) => source.source(),
            Self::System(source) => source.source(),
            Self::TurnedAway { .. } | Self::Slow { .. } => None,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Self {
        Self::System(source)
    }
}

impl From<StartError> for Failure {
    fn from(source: StartError) -> Self {
        Self::Start(source)
    }
}
