//! `window_by`: cuts the flow into windows, each a flow, at the items of another.

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{By, Queues, Window, Windows, no_copies};

impl<O: Observable> Flow<O> {
    /// Cuts the flow into windows at the items of `notifier`; each is a flow.
    ///
    /// ```text
    /// in        --1--2-----3--|
    /// notifier  ------x-----x--
    ///             window_by
    /// out       A-----B-----C-|
    ///   A       --1--2|
    ///   B             -----3|
    ///   C                   --|
    /// ```
    ///
    /// The first window opens at once. At every poll the notifier goes first, so an item that comes with a border
    /// is behind it. When the notifier completes there are no further borders.
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
    /// An error of the stream or of the notifier is the end, and the other is dropped. It reaches every open
    /// window, after the items before it, and this flow.
    ///
    /// # Panics
    ///
    /// A clone of a flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let flush: Subject<()> = Subject::new(1);
    /// let mut windows = (1..=3).flow().window_by(flush.subscribe());
    /// let first = windows.next().await.unwrap().unwrap();
    /// assert!(windows.next().await.unwrap().is_none());
    /// assert_eq!(first.collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// # }
    /// ```
    #[doc(alias = "window")]
    #[track_caller]
    pub fn window_by<N>(self, notifier: N) -> Flow<WindowBy<O, N>>
    where
        O: Observable<Error: Clone>,
        N: Observable<Error = O::Error>,
    {
        let stage = Stage::new("window_by", self.into_inner(), ());
        let gather = Queues::new(stage.id(), no_copies);
        let borders = By::new("window_by", notifier);
        Flow::new(WindowBy {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O, N> Flow<WindowBy<O, N>>
where
    O: Observable<Error: Clone>,
    N: Observable<Error = O::Error>,
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
    /// The observable of [`Flow::window_by`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct WindowBy<O, N>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, By<N>, Queues<O>>,
    }
}

impl<O, N> Observable for WindowBy<O, N>
where
    O: Observable<Error: Clone>,
    N: Observable<Error = O::Error>,
{
    type Item = Flow<Window<O::Item, O::Error>>;
    type Error = O::Error;

    delegate!(windows);
}
