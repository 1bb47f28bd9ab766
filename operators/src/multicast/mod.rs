//! Operators that serve several consumers.

mod group_by;
mod share;

pub use group_by::{Group, GroupBy, MaxGroups};
pub use share::{Share, ShareLagging};
