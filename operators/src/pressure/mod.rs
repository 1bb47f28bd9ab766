//! Operators that decide what happens when the consumer is slow.
