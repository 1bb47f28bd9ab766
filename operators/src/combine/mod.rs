//! Operators that make one flow of several.

mod merge;

pub use merge::{Merge, MergeAll, merge};
