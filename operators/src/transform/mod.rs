//! Operators that make other items out of items.

mod concat_map;
mod inspect;
mod map;

pub use concat_map::ConcatMap;
pub use inspect::Inspect;
pub use map::Map;
