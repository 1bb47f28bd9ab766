//! `window_count`: cuts the flow into windows of a number of items, each a flow.

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Count, Queues, Window, Windows, clones, no_copies};

impl<O: Observable> Flow<O> {
    /// Cuts the flow into windows of `size` items, each a flow.
    ///
    /// ```text
    /// in   --1--2--3--4--5--|
    ///        window_count(2)
    /// out  A----B-----C-----|
    ///   A  --1--(2|)
    ///   B       ---3--(4|)
    ///   C             ---5--|
    /// ```
    ///
    /// [`every`](Flow::every) opens a window also when others are open, or lets items pass in between. The first
    /// window opens at once, a further one with the last item before it; a window closes with its last item. So the
    /// last may be empty.
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
    /// Panics if `size` is 0. A clone of a flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{operators::transform::UNLIMITED, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let windows = (1..=5).flow().window_count(2);
    /// let sums = windows.merge_map(UNLIMITED, |window| window.scan(0, |sum, n| { *sum += n; *sum }));
    /// assert_eq!(sums.collect::<Vec<_>>().await, Ok(vec![1, 3, 3, 7, 5]));
    /// # }
    /// ```
    #[doc(alias = "window")]
    #[track_caller]
    pub fn window_count(self, size: usize) -> Flow<WindowCount<O>>
    where
        O: Observable<Error: Clone>,
    {
        assert!(size > 0, "a window of 0 items never comes");
        let stage = Stage::new("window_count", self.into_inner(), ());
        let gather = Queues::new(stage.id(), no_copies);
        let borders = Count::new(size);
        Flow::new(WindowCount {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O> Flow<WindowCount<O>>
where
    O: Observable<Error: Clone>,
{
    /// Begins a window every `items` items, whether or not the one before is full.
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
        assert!(items > 0, "a window every 0 items has no items");
        let mut flow = self.into_inner();
        flow.windows.borders_mut().set_every(items);
        flow.windows.gather_mut().set_copies(clones);
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
    /// The observable of [`Flow::window_count`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct WindowCount<O>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, Count, Queues<O>>,
    }
}

impl<O> Observable for WindowCount<O>
where
    O: Observable<Error: Clone>,
{
    type Item = Flow<Window<O::Item, O::Error>>;
    type Error = O::Error;

    delegate!(windows);
}
