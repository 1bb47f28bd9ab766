//! Operators that decide what happens when the consumer is slow.

mod buffer;
mod conflate;
mod keep_latest;
mod pause_when;
mod ready_chunks;

pub use buffer::Buffer;
pub use conflate::Conflate;
pub use keep_latest::KeepLatest;
pub use pause_when::PauseWhen;
pub use ready_chunks::ReadyChunks;
