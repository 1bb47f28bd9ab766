//! Operators that do several things at once.

mod blocking_map;
mod frontier;
mod par_map;
mod par_map_by_key;
mod par_map_unordered;
mod spawned;

pub use blocking_map::BlockingMap;
pub use frontier::{Fifo, Frontier, FrontierHandle, Store, Ticket, Work, frontier, frontier_in};
pub use par_map::ParMap;
pub use par_map_by_key::{KeyLimits, ParMapByKey, Valve};
pub use par_map_unordered::ParMapUnordered;
pub use spawned::Spawned;
