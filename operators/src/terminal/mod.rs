//! What runs a flow.

mod any;
mod collect;
mod count;
mod every;
mod fold;
mod for_each;
mod for_each_async;
mod is_empty;
mod max;
mod min;
mod next;
mod reduce;
mod run_into;
mod spawn_into;
mod subscribe;
mod to_async_read;

pub use any::Any;
pub use collect::Collect;
pub use count::Count;
pub use every::{Every, FlowEvery};
pub use fold::Fold;
pub use for_each::ForEach;
pub use for_each_async::ForEachAsync;
pub use is_empty::IsEmpty;
pub use max::{FlowMax, Max};
pub use min::{Compare, Min, Natural};
pub use next::Next;
pub use reduce::Reduce;
pub use run_into::RunError;
pub(crate) use run_into::write_batch;
pub use spawn_into::RunHandle;
pub use to_async_read::ToAsyncRead;
