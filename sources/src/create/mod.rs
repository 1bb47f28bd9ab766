//! What a program makes itself: values, closures, futures.

#[expect(
    clippy::module_inception,
    reason = "the source has the name that it has elsewhere"
)]
mod create;
mod defer;
mod empty;
mod fail;
mod from_future;
mod generate;
mod lazy;
mod never;
mod once;
mod range;
mod repeat_with;
mod unfold;
mod using;

pub use create::{Create, Emitter, create, try_create};
pub use defer::{Defer, defer};
pub use empty::empty;
pub use fail::{Fail, fail};
pub use from_future::{FromFuture, from_future, from_try_future};
pub use generate::{States, generate};
pub use never::{Never, never};
pub use once::once;
pub use range::range;
pub use repeat_with::repeat_with;
pub use unfold::{Unfold, unfold};
pub use using::{Using, using};
