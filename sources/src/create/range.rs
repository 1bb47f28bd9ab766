//! `range`: numbers in a row.

use std::ops::RangeInclusive;

use thalweg_operators::{Flow, FromIter};

/// Emits `count` whole numbers in a row from `first` on, then completes.
///
/// ```text
///      range(5, 3)
/// out  (567|)
/// ```
///
/// Completes after [`i64::MAX`], where numbers end, also if that is before `count` of them. For ranges of Rust there is
/// [`.flow()`](thalweg_operators::IntoFlow::flow): `(5..8).flow()`.
///
/// # Backpressure
///
/// Counts on when the consumer wants a number. Holds none.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::range};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(range(-1, 3).collect::<Vec<_>>().await, Ok(vec![-1, 0, 1]));
/// assert_eq!(range(7, 0).count().await, Ok(0));
/// # }
/// ```
#[track_caller]
pub fn range(first: i64, count: u64) -> Flow<FromIter<RangeInclusive<i64>>> {
    let numbers = match count.checked_sub(1) {
        Some(steps) => first..=first.saturating_add_unsigned(steps),
        None => RangeInclusive::new(1, 0),
    };
    Flow::new(FromIter::named("range", numbers))
}
