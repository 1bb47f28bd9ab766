//! `next`: pulls one item.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use thalweg_core::Observable;

use crate::Flow;

impl<O: Observable + Unpin> Flow<O> {
    /// Pulls one item; `None` once the flow has completed, and ever after.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        next, next
    ///        1  2
    /// ```
    ///
    /// A flow that is not [`Unpin`] is pinned first, with [`std::pin::pin`] or [`boxed`](Flow::boxed).
    ///
    /// # Backpressure
    ///
    /// Nothing is pulled before it is asked for; nothing is held.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready loses no item.
    ///
    /// # Errors
    ///
    /// The error of the stream, once; after it `Ok(None)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Infallible> {
    /// let mut numbers = (1..=2).flow();
    /// while let Some(n) = numbers.next().await? {
    ///     println!("{n}");
    /// }
    /// # Ok(()) }
    /// ```
    #[expect(
        clippy::should_implement_trait,
        reason = "it is the word, and a flow is no iterator"
    )]
    pub fn next(&mut self) -> Next<'_, O> {
        Next { flow: self }
    }
}

/// The future of [`Flow::next`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Next<'f, O> {
    flow: &'f mut Flow<O>,
}

impl<O: Observable + Unpin> Future for Next<'_, O> {
    type Output = Result<Option<O::Item>, O::Error>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(Pin::new(&mut *self.flow).poll_one(task)).transpose())
    }
}
