//! `buffer_time`: cuts the flow by the clock into vectors.

use std::{fmt, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Buffers, Time, Windows, clones, no_copies};

impl<O: Observable> Flow<O> {
    /// Gathers what comes within `span` into a vector, again and again.
    ///
    /// ```text
    /// in   --1--2-----3--|
    ///        buffer_time(6)
    /// out  ------12----3-([]|)
    /// ```
    ///
    /// The first vector begins at the first poll and each further one when the one before ends: at its border, or
    /// with the item that made it [`max`](Flow::max) items long. [`every`](Flow::every) begins one in every period
    /// instead. A vector has its beginning and not its end: an item at the border comes into the next. One without
    /// items is emitted too; see [`chunks`](Flow::chunks) for vectors whose time begins with their first item.
    /// Those for which nobody polls, because the consumer is busy, are skipped.
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds what has come since the beginning, at most `max` items; with `every`, for each of the
    /// vectors that overlap.
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
    /// Panics if `span` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let buffers = (1..=3).flow().buffer_time(Duration::from_secs(1)).max(2);
    /// assert_eq!(buffers.collect::<Vec<_>>().await, Ok(vec![vec![1, 2], vec![3]]));
    /// # }
    /// ```
    #[doc(alias = "buffer_timeout")]
    #[doc(alias = "grouped_within")]
    #[track_caller]
    pub fn buffer_time(self, span: Duration) -> Flow<BufferTime<O>> {
        assert!(!span.is_zero(), "a vector of no time has no items");
        let stage = Stage::new("buffer_time", self.into_inner(), ());
        let gather = Buffers::new(no_copies);
        let borders = Time::new(span);
        Flow::new(BufferTime {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O: Observable> Flow<BufferTime<O>> {
    /// Begins a vector in every `period`, whether or not the one before has ended.
    ///
    /// With less than the span they overlap, and an item comes into each, cloned. With more, the items in between
    /// come into none; they are dropped and counted as unmatched.
    ///
    /// # Panics
    ///
    /// Panics if `period` is zero.
    #[track_caller]
    pub fn every(self, period: Duration) -> Self
    where
        O::Item: Clone,
    {
        assert!(!period.is_zero(), "a period of no time has no vectors");
        let mut flow = self.into_inner();
        flow.windows.borders_mut().set_every(period);
        flow.windows.gather_mut().set_copies(clones);
        Self::new(flow)
    }

    /// Ends a vector with its item no. `items` if that comes before its time is over.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn max(self, items: usize) -> Self {
        assert!(items > 0, "a vector of 0 items never comes");
        let mut flow = self.into_inner();
        flow.windows.borders_mut().set_max(items);
        Self::new(flow)
    }
}

pin_project! {
    /// The observable of [`Flow::buffer_time`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct BufferTime<O>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, Time, Buffers<O::Item>>,
    }
}

impl<O: Observable> Observable for BufferTime<O> {
    type Item = Vec<O::Item>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O: Observable + fmt::Debug> fmt::Debug for BufferTime<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferTime")
            .field("windows", &self.windows)
            .finish()
    }
}
