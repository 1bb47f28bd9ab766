//! Operators that decide what happens when the consumer is slow.

mod buffer;

pub use buffer::Buffer;
