//! Operators that handle failures.

mod raise;

pub use raise::{IntoError, NoError, Raise, SameError};
