//! `repeat_with`: what a closure gives, again and again.

use std::iter;

use thalweg_operators::{Flow, FromIter};

/// Emits what `make` gives, without an end.
///
/// ```text
///      repeat_with(|| 7)
/// out  (777…
/// ```
///
/// Completes when it is asked to stop, never by itself; `take` and its kin end it before.
///
/// # Backpressure
///
/// The closure is called when the consumer wants an item, and other tasks have their turn however much it wants.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::repeat_with};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut power = 1;
/// let powers = repeat_with(move || {
///     power *= 2;
///     power
/// });
/// assert_eq!(powers.take(4).collect::<Vec<_>>().await, Ok(vec![2, 4, 8, 16]));
/// # }
/// ```
#[doc(alias = "generate")]
#[doc(alias = "repeat")]
#[doc(alias = "tick")]
#[track_caller]
pub fn repeat_with<T, F>(make: F) -> Flow<FromIter<iter::RepeatWith<F>>>
where
    F: FnMut() -> T,
{
    Flow::new(FromIter::named("repeat_with", iter::repeat_with(make)))
}
