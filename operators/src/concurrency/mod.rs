//! Operators that do several things at once.

mod spawned;

pub use spawned::Spawned;
