//! What other parts of a program, or its terminal, take.

mod channel;
mod stdout;
mod write_lines;

pub use channel::{Channel, ReceiverGone, channel};
pub use stdout::{Stdout, stdout};
pub use write_lines::{WriteLines, write_lines};
