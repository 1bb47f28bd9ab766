//! `buffer_when`: cuts the flow into vectors, with a closing made for each.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Buffers, When, Windows, no_copies};

impl<O: Observable> Flow<O> {
    /// Gathers what comes into a vector until the flow made for it by `closing` has an item, again and again.
    ///
    /// ```text
    /// in   --1--2-----3--|
    ///        buffer_when(() => ------c|)
    /// out  ------12----3-([]|)
    /// ```
    ///
    /// The first vector begins at once; a closing is made when its vector has begun, after the one before is
    /// dropped. At every poll the closing goes first, so an item that comes with a border is behind it. Closings
    /// that have an item at once give vectors without end. A closing that completes without an item ends nothing:
    /// its vector lasts until the source completes, which emits what is left. Empty vectors are emitted too.
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds what has come since the last border, as much as comes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops what it holds, which is counted as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream or of a closing is the end, and the other is dropped. What is held is dropped and
    /// counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{prelude::*, sources::timer};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut seconds = 0;
    /// let growing = (1..=3).flow().buffer_when(move || {
    ///     seconds += 1;
    ///     timer(Duration::from_secs(seconds))
    /// });
    /// assert_eq!(growing.collect::<Vec<_>>().await, Ok(vec![vec![1, 2, 3]]));
    /// # }
    /// ```
    #[track_caller]
    pub fn buffer_when<F, C>(self, closing: F) -> Flow<BufferWhen<O, F, C>>
    where
        F: FnMut() -> C,
        C: Observable<Error = O::Error>,
    {
        let stage = Stage::new("buffer_when", self.into_inner(), ());
        let gather = Buffers::new(no_copies);
        let borders = When::new("buffer_when", closing);
        Flow::new(BufferWhen {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::buffer_when`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct BufferWhen<O, F, C>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, When<F, C>, Buffers<O::Item>>,
    }
}

impl<O, F, C> Observable for BufferWhen<O, F, C>
where
    O: Observable,
    F: FnMut() -> C,
    C: Observable<Error = O::Error>,
{
    type Item = Vec<O::Item>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O, F, C> fmt::Debug for BufferWhen<O, F, C>
where
    O: Observable + fmt::Debug,
    C: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferWhen")
            .field("windows", &self.windows)
            .finish()
    }
}
