//! `buffer_toggle`: begins vectors with one flow and ends them with others.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Buffers, Toggle, Windows, clones};

impl<O: Observable> Flow<O> {
    /// Begins a vector with every item of `openings`, and emits it with the first item of a flow made by `closing`.
    ///
    /// ```text
    /// in        --1--2--3--4--|
    /// openings  ---x-----y-----
    ///             buffer_toggle(_ => -----c|)
    /// out       --------2-----(4|)
    /// ```
    ///
    /// Vectors may overlap: an item comes into each that is open, cloned. One that comes while none is open is
    /// dropped and counted as unmatched. At every poll openings and closings go first, so an item that comes with a
    /// border is behind it. When `openings` completes no more are begun; a closing that completes without an item
    /// leaves its vector open until the source completes, which emits what is left, the oldest first. A poll costs
    /// the closings that woke, not all of them.
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds what has come into the open vectors, as much as comes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops what it holds, which is counted as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream, of `openings` or of a closing is the end, and the others are dropped. What is held
    /// is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::timer};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let second = Duration::from_secs(1);
    /// let recorded = (1..=3).flow().buffer_toggle(["on"].flow(), |_| timer(second).map(drop));
    /// assert_eq!(recorded.collect::<Vec<_>>().await, Ok(vec![vec![1, 2, 3]]));
    /// # }
    /// ```
    #[track_caller]
    pub fn buffer_toggle<N, F, C>(self, openings: N, closing: F) -> Flow<BufferToggle<O, N, F, C>>
    where
        O::Item: Clone,
        N: Observable<Error = O::Error>,
        F: FnMut(&N::Item) -> C,
        C: Observable<Error = O::Error>,
    {
        let stage = Stage::new("buffer_toggle", self.into_inner(), ());
        let gather = Buffers::new(clones);
        let borders = Toggle::new("buffer_toggle", openings, closing);
        Flow::new(BufferToggle {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::buffer_toggle`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct BufferToggle<O, N, F, C>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, Toggle<N, F, C>, Buffers<O::Item>>,
    }
}

impl<O, N, F, C> Observable for BufferToggle<O, N, F, C>
where
    O: Observable,
    O::Item: Clone,
    N: Observable<Error = O::Error>,
    F: FnMut(&N::Item) -> C,
    C: Observable<Error = O::Error>,
{
    type Item = Vec<O::Item>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O, N, F, C> fmt::Debug for BufferToggle<O, N, F, C>
where
    O: Observable + fmt::Debug,
    N: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferToggle")
            .field("windows", &self.windows)
            .finish()
    }
}
