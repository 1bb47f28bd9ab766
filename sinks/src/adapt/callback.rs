//! `callback`: an async closure for every batch.

use std::{any::type_name, fmt};

use thalweg_core::Sink;

/// Calls an async closure with a copy of every batch, and waits for it.
///
/// A batch has at most 1,024 items if a flow runs into it. Its items count as taken once the future is ready with `Ok`; after
/// an error they are offered again if somebody [tries again](crate::retrying), which is why the closure has a copy. Items
/// that are costly to copy go into an `Arc`.
///
/// # Backpressure
///
/// While the future is not ready nothing is pulled. Holds a copy of the batch.
///
/// # Durability
///
/// As the closure has it: items count as taken once it is done with them. A crash loses what it had not done, and nobody knows
/// how much that is.
///
/// # Errors
///
/// Those of the closure.
///
/// # Cancel safety
///
/// A write that is cancelled drops the future; the items are still in the batch.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::callback};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
/// let send = callback(|batch: Vec<u32>| {
///     let sender = sender.clone();
///     async move { sender.send(batch.len()) }
/// });
/// (1..=3).flow().run_into(send).await.unwrap();
/// assert_eq!(receiver.recv().await, Some(3));
/// # }
/// ```
#[doc(alias = "for_each_batch")]
pub fn callback<T, F, R, E>(call: F) -> Callback<F>
where
    F: FnMut(Vec<T>) -> R,
    R: Future<Output = Result<(), E>>,
{
    Callback { call }
}

/// The sink of [`callback`].
#[derive(Clone)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Callback<F> {
    call: F,
}

impl<T, F, R, E> Sink<T> for Callback<F>
where
    T: Clone + Send,
    F: FnMut(Vec<T>) -> R + Send,
    R: Future<Output = Result<(), E>> + Send,
    E: Send,
{
    type Error = E;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), E> {
        if batch.is_empty() {
            return Ok(());
        }
        (self.call)(batch.clone()).await?;
        batch.clear();
        Ok(())
    }
}

impl<F> fmt::Debug for Callback<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("call", &type_name::<F>())
            .finish()
    }
}
