//! `window_toggle`: opens windows, each a flow, with one flow and closes them with others.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Queues, Toggle, Window, Windows, clones};

impl<O: Observable> Flow<O> {
    /// Opens a window, a flow, with every item of `openings`, and closes it with the first of a flow made by
    /// `closing`.
    ///
    /// ```text
    /// in        --1--2--3--4--|
    /// openings  ---x-----y----|
    ///             window_toggle(_ => -----c|)
    /// out       ---A-----B----|
    ///   A          --2--|
    ///   B                --4--|
    /// ```
    ///
    /// Windows may overlap: an item comes into each that is open, cloned. One that comes while none is open is
    /// dropped and counted as unmatched. At every poll openings and closings go first, so an item that comes with a
    /// border is behind it. When `openings` completes no more are begun; a closing that completes without an item
    /// leaves its window open until the source completes. A poll costs the closings that woke, not all of them.
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
    /// An error of the stream, of `openings` or of a closing is the end, and the others are dropped. It reaches
    /// every open window, after the items before it, and this flow.
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
    /// let second = Duration::from_secs(1);
    /// let windows = (1..=2).flow().window_toggle(["a", "b"].flow(), move |_| timer(second));
    /// let items = windows.merge_map(UNLIMITED, |window| window);
    /// assert_eq!(items.count().await, Ok(4));
    /// # }
    /// ```
    #[track_caller]
    pub fn window_toggle<N, F, C>(self, openings: N, closing: F) -> Flow<WindowToggle<O, N, F, C>>
    where
        O::Item: Clone,
        O: Observable<Error: Clone>,
        N: Observable<Error = O::Error>,
        F: FnMut(&N::Item) -> C,
        C: Observable<Error = O::Error>,
    {
        let stage = Stage::new("window_toggle", self.into_inner(), ());
        let gather = Queues::new(stage.id(), clones);
        let borders = Toggle::new("window_toggle", openings, closing);
        Flow::new(WindowToggle {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O, N, F, C> Flow<WindowToggle<O, N, F, C>>
where
    O: Observable<Error: Clone>,
    O::Item: Clone,
    N: Observable<Error = O::Error>,
    F: FnMut(&N::Item) -> C,
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
    /// The observable of [`Flow::window_toggle`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct WindowToggle<O, N, F, C>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, Toggle<N, F, C>, Queues<O>>,
    }
}

impl<O, N, F, C> Observable for WindowToggle<O, N, F, C>
where
    O: Observable<Error: Clone>,
    O::Item: Clone,
    N: Observable<Error = O::Error>,
    F: FnMut(&N::Item) -> C,
    C: Observable<Error = O::Error>,
{
    type Item = Flow<Window<O::Item, O::Error>>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O, N, F, C> fmt::Debug for WindowToggle<O, N, F, C>
where
    O: Observable + fmt::Debug,
    N: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowToggle")
            .field("windows", &self.windows)
            .finish()
    }
}
