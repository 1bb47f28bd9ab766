//! What the program's own process and others say: standard input, output of commands, signals.

mod command;
#[cfg(unix)]
mod signals;
mod stdin_lines;

pub use command::{CommandError, CommandOutput, Output, command};
#[cfg(unix)]
pub use signals::{SignalError, Signals, signals};
pub use stdin_lines::{StdinLines, stdin_lines};
