//! What runs a flow.

mod collect;
mod count;
mod fold;
mod for_each;
mod for_each_async;
mod next;
mod run_into;
mod spawn_into;

pub use collect::Collect;
pub use count::Count;
pub use fold::Fold;
pub use for_each::ForEach;
pub use for_each_async::ForEachAsync;
pub use next::Next;
pub use run_into::RunError;
pub use spawn_into::RunHandle;
