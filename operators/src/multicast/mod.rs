//! Operators that serve several consumers.
