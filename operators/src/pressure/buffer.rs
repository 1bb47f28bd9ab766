//! `buffer`: lets the source run at its own pace, and says what happens when the consumer cannot follow.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::{Fault, Observable, Overflow};

use crate::{Flow, boundary::Boundary, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Runs all before it in a task of its own, at its own pace, ahead of a slow consumer by at most `capacity` items.
    ///
    /// ```text
    /// in        --1-2-3-4-5--------|
    ///             buffer(2, Overflow::DropOldest)
    /// consumer  --x             x x  (takes an item at x)
    /// out       --1-------------4-5|
    /// ```
    ///
    /// `overflow` says what a full queue does with one more item: hold back the source, drop the one or the other, or
    /// fail; see [`Overflow`]. What was made before the end of the source is handed on before it.
    ///
    /// # Backpressure
    ///
    /// Holds at most `capacity` items. [`Overflow::Wait`] passes backpressure on, as [`spawned`](Flow::spawned) does. The
    /// others never hold back the source; each item that is dropped is counted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow aborts the task; what the queue holds is dropped and counted as cancelled.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the stream, [`Fault::Overflowed`] with [`Overflow::Fail`] if the queue was full,
    /// [`Fault::Panicked`] if the task panicked; each comes after the items before it.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0, and at the first poll outside of a tokio runtime. A clone of a flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// // Nothing is read before the source is through: the newest two are left.
    /// let newest = (1..=9).flow().buffer(2, Overflow::DropOldest);
    /// assert_eq!(newest.collect::<Vec<_>>().await, Ok(vec![8, 9]));
    ///
    /// let all = (1..=9).flow().buffer(2, Overflow::Fail);
    /// assert!(all.collect::<Vec<_>>().await.unwrap_err().is_overflow());
    /// # }
    /// ```
    #[doc(alias = "on_backpressure_buffer")]
    #[doc(alias = "on_backpressure_drop")]
    #[doc(alias = "on_backpressure_error")]
    #[track_caller]
    pub fn buffer(self, capacity: usize, overflow: Overflow) -> Flow<Buffer<O>>
    where
        O: Observable<Item: Send, Error: Send> + Send + 'static,
    {
        Flow::new(Buffer {
            boundary: Boundary::new("buffer", self.into_inner(), capacity, overflow),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::buffer`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Buffer<O: Observable> {
        boundary: Boundary<O>,
    }
}

impl<O> Observable for Buffer<O>
where
    O: Observable<Item: Send, Error: Send> + Send + 'static,
{
    type Item = O::Item;
    type Error = Fault<O::Error>;

    delegate!(boundary);
}

impl<O: Observable + fmt::Debug> fmt::Debug for Buffer<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.boundary.fmt(f)
    }
}
