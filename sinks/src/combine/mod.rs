//! Sinks of sinks: several at once, and what becomes of failures.

mod or_dead_letter;
mod retrying;
mod tee;

pub use or_dead_letter::{DeadLetterError, OrDeadLetter, or_dead_letter};
pub use retrying::{GaveUp, Retrying, retrying};
pub use tee::{Tee, TeeCause, TeeError, tee};
