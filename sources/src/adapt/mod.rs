//! What other parts of a program have: iterators, streams, channels, readers.

mod channel;
mod from_broadcast;
mod from_iter;
mod from_mpsc;
mod from_stream;
mod from_watch;
mod read_lines;
mod waited;

pub use channel::{Channel, Sender, channel};
pub use from_broadcast::{FromBroadcast, Lagged, from_broadcast, from_broadcast_or_lag};
pub use from_iter::from_iter;
pub use from_mpsc::{FromMpsc, MpscReceiver, from_mpsc};
pub use from_stream::{from_stream, from_try_stream};
pub use from_watch::{FromWatch, from_watch};
pub use read_lines::{ReadLines, read_lines};
