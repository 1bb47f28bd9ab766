//! `from_stream`: the items of a `Stream`.

use futures_core::{Stream, TryStream};
use thalweg_operators::{Flow, FromStream, FromTryStream, IntoFlow, TryIntoFlow};

/// Emits the items of a stream, then completes; the same as [`.flow()`](IntoFlow::flow) on it.
///
/// # Backpressure
///
/// The stream is polled when the consumer wants an item. Holds none.
///
/// # Cancel safety
///
/// Dropping the flow drops the stream; nothing is taken from it ahead.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_stream};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let stream = futures_util::stream::iter([1, 2]);
/// assert_eq!(from_stream(stream).collect::<Vec<_>>().await, Ok(vec![1, 2]));
/// # }
/// ```
#[track_caller]
pub fn from_stream<S: Stream>(stream: S) -> Flow<FromStream<S>> {
    stream.flow()
}

/// Emits the items of a stream of results; the first error is the end. The same as
/// [`.try_flow()`](TryIntoFlow::try_flow) on it.
///
/// # Backpressure
///
/// The stream is polled when the consumer wants an item. Holds none.
///
/// # Cancel safety
///
/// Dropping the flow drops the stream; nothing is taken from it ahead.
///
/// # Errors
///
/// The first error of the stream.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_try_stream};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let stream = futures_util::stream::iter([Ok(1), Err("broken")]);
/// assert_eq!(from_try_stream(stream).collect::<Vec<_>>().await, Err("broken"));
/// # }
/// ```
#[track_caller]
pub fn from_try_stream<S: TryStream>(stream: S) -> Flow<FromTryStream<S>> {
    stream.try_flow()
}
