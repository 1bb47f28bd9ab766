//! Operators that let some items pass.

#[expect(
    clippy::module_inception,
    reason = "an operator's file is named after it, here as its group is"
)]
mod filter;
mod take;

pub use filter::Filter;
pub use take::Take;
