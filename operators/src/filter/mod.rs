//! Operators that let some items pass.

mod default_if_empty;
mod distinct;
mod distinct_until_changed;
mod element_at;
mod fail_if_empty;
#[expect(
    clippy::module_inception,
    reason = "an operator's file is named after it, here as its group is"
)]
mod filter;
mod filter_async;
mod find;
mod find_index;
mod first;
mod ignore_items;
mod last;
mod single;
mod skip;
mod skip_for;
mod skip_last;
mod skip_until;
mod skip_while;
mod take;
mod take_for;
mod take_last;
mod take_until;
mod take_while;
mod take_while_inclusive;

pub use default_if_empty::DefaultIfEmpty;
pub use distinct::{Distinct, KnownItems, KnownKeys, Memory, NeverFlushed};
pub use distinct_until_changed::{DistinctUntilChanged, LastBy, LastItem, LastKey, Remember};
pub use element_at::ElementAt;
pub use fail_if_empty::FailIfEmpty;
pub use filter::Filter;
pub use filter_async::FilterAsync;
pub use find::Find;
pub use find_index::FindIndex;
pub use first::First;
pub use ignore_items::IgnoreItems;
pub use last::Last;
pub use single::Single;
pub use skip::Skip;
pub use skip_for::SkipFor;
pub use skip_last::SkipLast;
pub use skip_until::SkipUntil;
pub use skip_while::SkipWhile;
pub use take::Take;
pub use take_for::TakeFor;
pub use take_last::TakeLast;
pub use take_until::TakeUntil;
pub use take_while::TakeWhile;
pub use take_while_inclusive::TakeWhileInclusive;
