//! `once`: a single item.

use std::iter;

use thalweg_operators::{Flow, FromIter};

/// Emits one item, then completes.
///
/// ```text
///      once(7)
/// out  (7|)
/// ```
///
/// # Backpressure
///
/// The item waits until the consumer wants it.
///
/// # Cancel safety
///
/// An item that was not emitted is dropped with the flow.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::once};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let header = once("name,age");
/// let lines = header.concat(["ada,36", "alan,41"].flow());
/// assert_eq!(lines.count().await, Ok(3));
/// # }
/// ```
#[doc(alias = "of")]
#[doc(alias = "just")]
#[doc(alias = "flow_of")]
#[doc(alias = "single")]
#[doc(alias = "ready")]
#[track_caller]
pub fn once<T>(item: T) -> Flow<FromIter<iter::Once<T>>> {
    Flow::new(FromIter::named("once", iter::once(item)))
}
