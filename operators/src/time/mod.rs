//! Operators that look at the clock. All of them use tokio's, so that a paused clock gives exact tests.

mod debounce;

pub use debounce::Debounce;
