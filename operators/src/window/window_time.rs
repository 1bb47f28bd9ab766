//! `window_time`: cuts the flow by the clock into windows, each a flow.

use std::time::Duration;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Queues, Time, Window, Windows, clones, no_copies};

impl<O: Observable> Flow<O> {
    /// Cuts the flow by the clock into windows of `span`, each a flow.
    ///
    /// ```text
    /// in   --1--2-----3--|
    ///        window_time(6)
    /// out  A-----B-----C-|
    ///   A  --1--2|
    ///   B        -----3|
    ///   C              --|
    /// ```
    ///
    /// The first window begins at the first poll and each further one when the one before ends: at its border, or
    /// with the item that made it [`max`](Flow::max) items long. [`every`](Flow::every) begins one in every period
    /// instead. A window has its beginning and not its end: an item at the border comes into the next. One without
    /// items is a window too. Those for which nobody polls, because the consumer is busy, are skipped.
    ///
    /// A window is filled while this flow is polled, and only then: read it beside this flow, as
    /// [`merge_map`](Flow::merge_map) does, or put [`spawned`](Flow::spawned) in between and read one after the
    /// other.
    ///
    /// # Backpressure
    ///
    /// A window holds at most `capacity` items, 256 unless told otherwise. One that is open, full and not read
    /// holds back the source until it is read or dropped; what it holds after it has closed holds back nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost with this flow: dropping it completes the windows that are open, after what they hold. A
    /// dropped window drops what it holds and what would still have come, counted as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes. It reaches every open window, after the items before it, and this flow.
    ///
    /// # Panics
    ///
    /// Panics if `span` is zero. A clone of a flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{operators::transform::UNLIMITED, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let windows = (1..=5).flow().window_time(Duration::from_secs(1)).max(2);
    /// let firsts = windows.merge_map(UNLIMITED, |window| window.take(1));
    /// assert_eq!(firsts.collect::<Vec<_>>().await, Ok(vec![1, 3, 5]));
    /// # }
    /// ```
    #[doc(alias = "window_timeout")]
    #[doc(alias = "tumbling_window")]
    #[doc(alias = "sliding_window")]
    #[track_caller]
    pub fn window_time(self, span: Duration) -> Flow<WindowTime<O>>
    where
        O: Observable<Error: Clone>,
    {
        assert!(!span.is_zero(), "a window of no time has no items");
        let stage = Stage::new("window_time", self.into_inner(), ());
        let gather = Queues::new(stage.id(), no_copies);
        let borders = Time::new(span);
        Flow::new(WindowTime {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O> Flow<WindowTime<O>>
where
    O: Observable<Error: Clone>,
{
    /// Begins a window in every `period`, whether or not the one before has ended.
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
        assert!(!period.is_zero(), "a period of no time has no windows");
        let mut flow = self.into_inner();
        flow.windows.borders_mut().set_every(period);
        flow.windows.gather_mut().set_copies(clones);
        Self::new(flow)
    }

    /// Ends a window with its item no. `items` if that comes before its time is over.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn max(self, items: usize) -> Self {
        assert!(items > 0, "a window of 0 items never comes");
        let mut flow = self.into_inner();
        flow.windows.borders_mut().set_max(items);
        Self::new(flow)
    }

    /// Lets every window hold at most `items` that have not been read.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn capacity(self, items: usize) -> Self {
        let mut flow = self.into_inner();
        flow.windows.gather_mut().set_capacity(items);
        Self::new(flow)
    }
}

pin_project! {
    /// The observable of [`Flow::window_time`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct WindowTime<O>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, Time, Queues<O>>,
    }
}

impl<O> Observable for WindowTime<O>
where
    O: Observable<Error: Clone>,
{
    type Item = Flow<Window<O::Item, O::Error>>;
    type Error = O::Error;

    delegate!(windows);
}
