//! Operators that handle failures.

mod catch;
mod dead_letter;
mod finally;
mod isolate_panics;
mod map_err;
mod ok_items;
mod on_error_resume_next;
mod raise;
mod repeat;
mod repeat_when;
mod retry;
mod retry_when;
mod with_error;

pub use crate::rounds::Notices;
pub use catch::Catch;
pub use dead_letter::DeadLetter;
pub use finally::{Ending, Finally};
pub use isolate_panics::IsolatePanics;
pub use map_err::MapErr;
pub use ok_items::OkItems;
pub use on_error_resume_next::OnErrorResumeNext;
pub use raise::{IntoError, NoError, Raise, SameError};
pub use repeat::Repeat;
pub use repeat_when::{Completions, RepeatWhen};
pub use retry::{Backoff, Decorrelated, Exponential, Fixed, Retry, RetryAfter};
pub use retry_when::{Errors, RetryWhen};
pub use with_error::WithError;
