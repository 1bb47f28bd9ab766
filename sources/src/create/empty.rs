//! `empty`: the end and nothing before it.

use std::iter;

use thalweg_operators::{Flow, FromIter};

/// Completes at once, without an item.
///
/// ```text
///      empty()
/// out  |
/// ```
///
/// # Backpressure
///
/// There is nothing to hold back.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::empty};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(empty::<u32>().collect::<Vec<_>>().await, Ok(vec![]));
/// # }
/// ```
#[doc(alias = "empty_flow")]
#[track_caller]
pub fn empty<T>() -> Flow<FromIter<iter::Empty<T>>> {
    Flow::new(FromIter::named("empty", iter::empty()))
}
