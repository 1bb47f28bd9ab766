//! What other parts of a program, or its terminal, take.

mod async_write;
mod callback;
mod channel;
mod futures_sink;
mod null;
mod stderr;
mod stdout;
mod write_lines;

pub use async_write::{Writer, async_write};
pub use callback::{Callback, callback};
pub use channel::{Channel, ReceiverGone, channel};
pub use futures_sink::{FuturesSink, futures_sink};
pub use null::{Null, null};
pub use stderr::{Stderr, stderr};
pub use stdout::{Stdout, stdout};
pub use write_lines::{WriteLines, write_lines};
