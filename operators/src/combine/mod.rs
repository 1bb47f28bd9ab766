//! Operators that make one flow of several.

mod combine_latest;
mod combine_latest_all;
mod concat;
mod end_with;
mod fork_join;
mod interleave;
mod merge;
mod merge_keyed;
mod merge_sorted;
mod merge_weighted;
mod race;
mod sequence_equal;
mod start_with;
mod switch_if_empty;
mod with_latest_from;
mod zip;
mod zip_all;

pub(crate) use crate::inputs::QUANTUM;
pub use combine_latest::{CombineLatest, CombineLatestMany, combine_latest};
pub use combine_latest_all::CombineLatestAll;
pub use concat::{Concat, ConcatMany, concat};
pub use end_with::EndWith;
pub use fork_join::{ForkJoin, fork_join};
pub use interleave::Interleave;
pub use merge::{FailsAtOnce, FailsAtTheEnd, Merge, MergeMany, OnFailure, merge};
pub use merge_keyed::{MergeKeyed, MergeSet, merge_keyed};
pub use merge_sorted::{MergeSorted, NaturalOrder, Order};
pub use merge_weighted::{MergeWeighted, merge_weighted};
pub use race::{Race, RaceMany, race};
pub use sequence_equal::{Equality, Same, SequenceEqual};
pub use start_with::StartWith;
pub use switch_if_empty::SwitchIfEmpty;
pub use with_latest_from::WithLatestFrom;
pub use zip::{Zip, ZipMany, zip};
pub use zip_all::ZipAll;
