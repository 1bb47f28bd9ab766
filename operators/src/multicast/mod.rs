//! Operators that serve several consumers.

mod balance;
mod broadcast;
mod group_by;
mod latest;
mod observe_into;
mod partition;
mod replay;
mod share;

pub use balance::Balance;
pub use broadcast::Broadcast;
pub use group_by::{Group, GroupBy, MaxGroups};
pub use latest::Latest;
pub use observe_into::ObserveInto;
pub use partition::Partition;
pub use replay::Replay;
pub use share::{Share, ShareLagging};
