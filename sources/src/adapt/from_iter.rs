//! `from_iter`: the items of an iterator.

use thalweg_operators::{Flow, FromIter, IntoFlow};

/// Emits the items of an iterator, then completes; the same as [`.flow()`](IntoFlow::flow) on it.
///
/// # Backpressure
///
/// The iterator is asked for an item when the consumer wants one. Holds none.
///
/// # Cancel safety
///
/// Dropping the flow drops the iterator; nothing is taken from it ahead.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_iter};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(from_iter([1, 2]).collect::<Vec<_>>().await, Ok(vec![1, 2]));
/// # }
/// ```
#[doc(alias = "from")]
#[doc(alias = "of")]
#[track_caller]
pub fn from_iter<I: IntoIterator>(items: I) -> Flow<FromIter<I::IntoIter>> {
    items.flow()
}
