//! `spawned`: runs everything before it in a task of its own.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::{Fault, Observable, Overflow};

use crate::{Flow, boundary::Boundary, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Runs everything before it in a task of its own, which may be `capacity` items ahead.
    ///
    /// ```text
    /// in   --1--2--3--|    in one task
    ///        spawned(2)
    /// out  --1--2--3--|    in the task that polls
    /// ```
    ///
    /// The task starts at the first poll. Items cross by the batch: one short lock and one wake for up to half of the
    /// capacity. For a queue that does not hold back its source see [`buffer`](Flow::buffer).
    ///
    /// # Backpressure
    ///
    /// When `capacity` items wait, the source is not polled. Holds at most `capacity` items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow aborts the task; what was in the queue is dropped and counted as cancelled.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the stream, [`Fault::Panicked`] if the task panicked; either comes after the
    /// items before it.
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
    /// let parsed = ["1", "2"].flow().map(|text| text.parse::<u32>().unwrap()).spawned(16);
    /// assert_eq!(parsed.collect::<Vec<_>>().await, Ok(vec![1, 2]));
    /// # }
    /// ```
    #[doc(alias = "observe_on")]
    #[doc(alias = "publish_on")]
    #[doc(alias = "async")]
    #[doc(alias = "prefetch")]
    #[track_caller]
    pub fn spawned(self, capacity: usize) -> Flow<Spawned<O>>
    where
        O: Observable<Item: Send, Error: Send> + Send + 'static,
    {
        Flow::new(Spawned {
            boundary: Boundary::new("spawned", self.into_inner(), capacity, Overflow::Wait),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::spawned`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Spawned<O: Observable> {
        boundary: Boundary<O>,
    }
}

impl<O> Observable for Spawned<O>
where
    O: Observable<Item: Send, Error: Send> + Send + 'static,
{
    type Item = O::Item;
    type Error = Fault<O::Error>;

    delegate!(boundary);
}

impl<O: Observable + fmt::Debug> fmt::Debug for Spawned<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.boundary.fmt(f)
    }
}
