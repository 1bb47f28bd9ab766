//! Why a command line starts no crawl.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::config::{ConfigError, Place};

/// Why a command line starts no crawl: it or its file of options is wrong (exit code 2), or it asks for help (0).
#[derive(Debug)]
pub struct Usage(Kind);

#[derive(Debug)]
enum Kind {
    Words(Box<clap::Error>),
    /// An option is wrong that stands in a file.
    Option(Box<clap::Error>, Place),
    File(ConfigError),
}

impl Usage {
    /// What is wrong with some words, of which one may come from a file.
    pub(super) fn new(error: clap::Error, place: Option<Place>) -> Self {
        let error = Box::new(error);
        Self(match place {
            None => Kind::Words(error),
            Some(place) => Kind::Option(error, place),
        })
    }

    /// Prints the help to stdout, or what is wrong to stderr, and tells the exit code.
    #[must_use = "the program should end with this code"]
    pub fn print(&self) -> ExitCode {
        // Nobody is left to tell if the terminal has gone.
        let _ = match &self.0 {
            Kind::Words(error) if self.is_help() => error.print(),
            _ => writeln!(io::stderr(), "{self}"),
        };
        ExitCode::from(if self.is_help() { 0 } else { 2 })
    }

    /// Tells whether help or the version was asked for.
    #[must_use]
    pub fn is_help(&self) -> bool {
        matches!(&self.0, Kind::Words(error) if matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        ))
    }

    /// The help that was asked for, or what is wrong, in some words.
    pub(super) fn problem(&self) -> String {
        match &self.0 {
            Kind::Words(error) if self.is_help() => error.render().to_string(),
            Kind::Words(error) => problem(error),
            Kind::Option(error, place) => format!("{place}: {}", problem(error)),
            Kind::File(error) => error.to_string(),
        }
    }
}

fn problem(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let problem = text.split("\n\n").next().unwrap_or(&text);
    let problem = problem.strip_prefix("error: ").unwrap_or(problem);
    let words: Vec<&str> = problem.split_whitespace().collect();
    words.join(" ")
}

/// One line: what is wrong, and what may have been meant.
impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "crawler: {}", self.problem())?;
        if let Kind::Words(error) = &self.0
            && let Some(ContextValue::String(similar)) = error.get(ContextKind::SuggestedArg)
        {
            write!(formatter, "; did you mean {similar}?")?;
        }
        formatter.write_str(" (see crawler --help)")
    }
}

impl Error for Usage {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Words(error) | Kind::Option(error, _) => Some(error),
            Kind::File(error) => error.source(),
        }
    }
}

impl From<ConfigError> for Usage {
    fn from(error: ConfigError) -> Self {
        Self(Kind::File(error))
    }
}
