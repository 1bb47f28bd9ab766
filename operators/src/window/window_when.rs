//! `window_when`: cuts the flow into windows, each a flow, with a closing made for each.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Queues, When, Window, Windows, no_copies};

impl<O: Observable> Flow<O> {
    /// Cuts the flow into windows, each a flow: every window lasts until the flow made for it by `closing` has an
    /// item.
    ///
    /// ```text
    /// in   --1--2-----3--|
    ///        window_when(() => ------c|)
    /// out  A-----B-----C-|
    ///   A  --1--2|
    ///   B        -----3|
    ///   C              --|
    /// ```
    ///
    /// The first window begins at once; a closing is made when its window has begun, after the one before is
    /// dropped. At every poll the closing goes first, so an item that comes with a border is behind it. Closings
    /// that have an item at once give windows without end. A closing that completes without an item closes its
    /// window as well.
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
    /// An error of the stream or of a closing is the end, and the other is dropped. It reaches every open window,
    /// after the items before it, and this flow.
    ///
    /// # Panics
    ///
    /// A clone of a flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{operators::transform::UNLIMITED, prelude::*, sources::timer};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let windows = (1..=3).flow().window_when(|| timer(Duration::from_secs(1)));
    /// let firsts = windows.merge_map(UNLIMITED, |window| window.take(1));
    /// assert_eq!(firsts.collect::<Vec<_>>().await, Ok(vec![1]));
    /// # }
    /// ```
    #[track_caller]
    pub fn window_when<F, C>(self, closing: F) -> Flow<WindowWhen<O, F, C>>
    where
        O: Observable<Error: Clone>,
        F: FnMut() -> C,
        C: Observable<Error = O::Error>,
    {
        let stage = Stage::new("window_when", self.into_inner(), ());
        let gather = Queues::new(stage.id(), no_copies);
        let borders = When::new("window_when", closing).closed_by_completion();
        Flow::new(WindowWhen {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O, F, C> Flow<WindowWhen<O, F, C>>
where
    O: Observable<Error: Clone>,
    F: FnMut() -> C,
    C: Observable<Error = O::Error>,
{
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
    /// The observable of [`Flow::window_when`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct WindowWhen<O, F, C>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, When<F, C>, Queues<O>>,
    }
}

impl<O, F, C> Observable for WindowWhen<O, F, C>
where
    O: Observable<Error: Clone>,
    F: FnMut() -> C,
    C: Observable<Error = O::Error>,
{
    type Item = Flow<Window<O::Item, O::Error>>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O, F, C> fmt::Debug for WindowWhen<O, F, C>
where
    O: Observable + fmt::Debug,
    C: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowWhen")
            .field("windows", &self.windows)
            .finish()
    }
}
