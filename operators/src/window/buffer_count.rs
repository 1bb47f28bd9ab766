//! `buffer_count`: cuts the flow into vectors of a number of items.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Buffers, Count, Windows, clones, no_copies};

impl<O: Observable> Flow<O> {
    /// Gathers `size` items into a vector, again and again.
    ///
    /// ```text
    /// in   --1--2--3--4--5--|
    ///        buffer_count(2)
    /// out  -----12----34----(5|)
    /// ```
    ///
    /// [`every`](Flow::every) begins a vector also when others have begun, or lets items pass in between. When the
    /// source completes, what has begun is emitted, the oldest first; empty vectors never are.
    /// [`chunks`](Flow::chunks) can do more where vectors do not overlap.
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds less than `size` items; with `every`, less than that for each of the vectors that
    /// overlap.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops what it holds, which is counted as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes. What is held is dropped and counted as failed.
    ///
    /// # Panics
    ///
    /// Panics if `size` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let pairs = (1..=4).flow().buffer_count(2).every(1);
    /// assert_eq!(pairs.collect::<Vec<_>>().await, Ok(vec![vec![1, 2], vec![2, 3], vec![3, 4], vec![4]]));
    /// # }
    /// ```
    #[doc(alias = "buffer")]
    #[doc(alias = "grouped")]
    #[doc(alias = "sliding")]
    #[doc(alias = "chunked")]
    #[track_caller]
    pub fn buffer_count(self, size: usize) -> Flow<BufferCount<O>> {
        assert!(size > 0, "a vector of 0 items never comes");
        let stage = Stage::new("buffer_count", self.into_inner(), ());
        let gather = Buffers::new(no_copies).without_empty();
        let borders = Count::new(size);
        Flow::new(BufferCount {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O: Observable> Flow<BufferCount<O>> {
    /// Begins a vector every `items` items, whether or not the one before is full.
    ///
    /// With fewer than its size they overlap, and an item comes into each, cloned. With more, the items in between
    /// come into none; they are dropped and counted as unmatched.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn every(self, items: usize) -> Self
    where
        O::Item: Clone,
    {
        assert!(items > 0, "a vector every 0 items has no items");
        let mut flow = self.into_inner();
        flow.windows.borders_mut().set_every(items);
        flow.windows.gather_mut().set_copies(clones);
        Self::new(flow)
    }
}

pin_project! {
    /// The observable of [`Flow::buffer_count`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct BufferCount<O>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, Count, Buffers<O::Item>>,
    }
}

impl<O: Observable> Observable for BufferCount<O> {
    type Item = Vec<O::Item>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O: Observable + fmt::Debug> fmt::Debug for BufferCount<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferCount")
            .field("windows", &self.windows)
            .finish()
    }
}
