//! What other parts of a program have: iterators, streams, senders, readers.

mod channel;
mod from_iter;
mod from_stream;
mod read_lines;

pub use channel::{Channel, Sender, channel};
pub use from_iter::from_iter;
pub use from_stream::{from_stream, from_try_stream};
pub use read_lines::{ReadLines, read_lines};
