//! `stderr`: lines on the terminal, beside what a program gives.

use std::{fmt::Display, io};

use thalweg_core::Sink;

use crate::{
    connection::{Connection, Open},
    encoding::Text,
    output::{Output, sink_is_output},
};

/// Prints every item as a line on standard error.
///
/// A batch is one write; with nothing more to print, all of it is on the terminal.
///
/// # Backpressure
///
/// A reader of standard error that is slow holds back the flow. Holds one encoded batch.
///
/// # Durability
///
/// Once the flow has nothing ready, all that was taken is in the hands of the system, and survives a crash of the program. What
/// is kept of it is up to the reader.
///
/// # Errors
///
/// [`WriteError`](crate::WriteError) if standard error is closed.
///
/// # Cancel safety
///
/// A write that is cancelled may have printed a part of its items; all of them are still in the batch.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::stderr};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// ["to", "the", "sea"].flow().run_into(stderr()).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "eprint")]
pub fn stderr() -> Stderr {
    Stderr {
        output: Output::new(Connection::new(StandardError), Text),
    }
}

/// The sink of [`stderr`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Stderr {
    output: Output<Connection<StandardError>, Text>,
}

impl<T: Display + Send> Sink<T> for Stderr {
    sink_is_output!(T);
}

struct StandardError;

impl Open for StandardError {
    type Writer = tokio::io::Stderr;

    fn name(&self) -> String {
        "standard error".to_owned()
    }

    async fn open(&mut self) -> io::Result<tokio::io::Stderr> {
        Ok(tokio::io::stderr())
    }
}
