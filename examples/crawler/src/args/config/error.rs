//! What can be wrong with a file of options.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Place;

/// A file of options cannot be read: says where it is wrong, and what to do.
#[derive(Debug)]
pub(in crate::args) enum ConfigError {
    Read(PathBuf, io::Error),
    Syntax(Place, String),
    Unknown(Place, String, Option<String>),
    Value(Place, String, &'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => {
                write!(
                    formatter,
                    "cannot read the options in {}: {error}",
                    path.display()
                )
            }
            Self::Syntax(place, problem) => write!(formatter, "{place}: {problem}"),
            Self::Unknown(place, name, Some(similar)) => write!(
                formatter,
                "{place}: there is no option '{name}'; did you mean '{similar}'?"
            ),
            Self::Unknown(place, name, None) => write!(
                formatter,
                "{place}: there is no option '{name}'; crawler --print-config lists them"
            ),
            Self::Value(place, name, expected) => {
                write!(formatter, "{place}: '{name}' has to be {expected}")
            }
        }
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            Self::Syntax(..) | Self::Unknown(..) | Self::Value(..) => None,
        }
    }
}
