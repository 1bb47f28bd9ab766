//! Operators that make other items out of items.

mod concat_map;
mod filter_map;
mod inspect;
mod map;
mod map_async;
mod merge_map;
mod scan;
mod switch_map;

pub use concat_map::ConcatMap;
pub use filter_map::FilterMap;
pub use inspect::Inspect;
pub use map::Map;
pub use map_async::MapAsync;
pub use merge_map::{MergeMap, UNLIMITED};
pub use scan::Scan;
pub use switch_map::SwitchMap;
