//! Operators that let some items pass.

mod distinct_until_changed;
#[expect(
    clippy::module_inception,
    reason = "an operator's file is named after it, here as its group is"
)]
mod filter;
mod skip;
mod take;
mod take_until;
mod take_while;

pub use distinct_until_changed::{DistinctUntilChanged, LastBy, LastItem, LastKey, Remember};
pub use filter::Filter;
pub use skip::Skip;
pub use take::Take;
pub use take_until::TakeUntil;
pub use take_while::TakeWhile;
