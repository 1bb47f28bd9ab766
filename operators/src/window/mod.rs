//! Operators that gather items.

mod chunks;

pub use chunks::Chunks;
