//! What runs a flow.

mod collect;
mod count;
mod fold;
mod for_each;
mod next;

pub use collect::Collect;
pub use count::Count;
pub use fold::Fold;
pub use for_each::ForEach;
pub use next::Next;
