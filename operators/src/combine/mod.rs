//! Operators that make one flow of several.

mod combine_latest;
mod concat;
mod merge;
mod start_with;
mod zip;

pub use combine_latest::CombineLatest;
pub use concat::Concat;
pub(crate) use merge::QUANTUM;
pub use merge::{Merge, MergeAll, merge};
pub use start_with::StartWith;
pub use zip::Zip;
