//! A value for closures to keep, which tells whether they are gone.

use std::sync::Arc;

thread_local! {
    static ORIGIN: Arc<()> = Arc::new(());
}

/// Gives a value to move into a closure of the operator that is checked.
///
/// [`Conform::check`](super::Conform::check) sees by it whether the closure is dropped at the end of the flow, and not only
/// when the flow is.
///
/// # Examples
///
/// ```
/// use thalweg_operators::testing::{Conform, captured};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let check = Conform::new(|source| {
///     let kept = captured();
///     source.map(move |n| kept.with(n + 1))
/// });
/// check.check().await;
/// # }
/// ```
pub fn captured() -> Captured {
    Captured(ORIGIN.with(Arc::clone))
}

/// What [`captured`] gives.
#[derive(Clone, Debug)]
pub struct Captured(#[expect(dead_code, reason = "it is counted, not read")] Arc<()>);

impl Captured {
    /// Gives `value` back, and keeps the closure that says so from letting go of this.
    pub fn with<T>(&self, value: T) -> T {
        value
    }
}

/// Counts the values that closures of this thread's checks still keep.
pub(super) fn alive() -> usize {
    ORIGIN.with(|origin| Arc::strong_count(origin) - 1)
}
