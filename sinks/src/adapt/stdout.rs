//! `stdout`: lines on the terminal.

use std::{fmt::Display, io};

use thalweg_core::Sink;

use crate::{
    connection::{Connection, Open},
    encoding::Text,
    output::{Output, sink_is_output},
};

/// Prints every item as a line on standard output.
///
/// A batch is one write; with nothing more to print, all of it is on the terminal.
///
/// # Backpressure
///
/// A reader of standard output that is slow holds back the flow. Holds one encoded batch.
///
/// # Durability
///
/// Once the flow has nothing ready, all that was taken is in the hands of the system, and survives a crash of the program. What
/// is kept of it is up to the reader.
///
/// # Errors
///
/// [`WriteError`](crate::WriteError) if standard output is closed, as that of `program | head` is.
///
/// # Cancel safety
///
/// A write that is cancelled may have printed a part of its items; all of them are still in the batch.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::stdout};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// ["to", "the", "sea"].flow().run_into(stdout()).await?;
/// # Ok(()) }
/// ```
#[doc(alias = "print")]
pub fn stdout() -> Stdout {
    Stdout {
        output: Output::new(Connection::new(StandardOutput), Text),
    }
}

/// The sink of [`stdout`].
#[derive(Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Stdout {
    output: Output<Connection<StandardOutput>, Text>,
}

impl<T: Display + Send> Sink<T> for Stdout {
    sink_is_output!(T);
}

struct StandardOutput;

impl Open for StandardOutput {
    type Writer = tokio::io::Stdout;

    fn name(&self) -> String {
        "standard output".to_owned()
    }

    async fn open(&mut self) -> io::Result<tokio::io::Stdout> {
        Ok(tokio::io::stdout())
    }
}
