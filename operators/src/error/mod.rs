//! Operators that handle failures.

mod catch;
mod map_err;
mod ok_items;
mod raise;
mod retry;
mod with_error;

pub use catch::Catch;
pub use map_err::MapErr;
pub use ok_items::OkItems;
pub use raise::{IntoError, NoError, Raise, SameError};
pub use retry::{Backoff, Decorrelated, Exponential, Fixed, Retry, RetryAfter};
pub use with_error::WithError;
