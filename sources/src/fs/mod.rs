//! What files and folders hold.

mod chunks;
#[cfg(feature = "compression")]
mod decompress;
mod error;
mod input;
mod lines;
mod tail;
mod trip;
mod unblocked;
mod walk;
#[cfg(feature = "watch")]
mod watch;

pub use chunks::{Chunks, chunks};
pub use error::FileError;
pub use lines::{Lines, lines};
pub use tail::{
    FileId, Line, ParsePositionError, PatternError, Position, PositionStore, Tail, TailError,
    TrackedTail, tail, tail_all, tail_glob,
};
pub use walk::{Entry, EntryKind, Walk, WalkError, walk};
#[cfg(feature = "watch")]
pub use watch::{Change, Watch, WatchError, watch};
