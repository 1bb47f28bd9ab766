//! `buffer_by`: cuts the flow into vectors at the items of another.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Buffers, By, Windows, no_copies};

impl<O: Observable> Flow<O> {
    /// Gathers what comes between two items of `notifier` into a vector.
    ///
    /// ```text
    /// in        --1--2-----3--|
    /// notifier  ------x-----x--
    ///             buffer_by
    /// out       ------12----3-([]|)
    /// ```
    ///
    /// At every poll the notifier goes first, so an item that comes with a border is behind it. When the notifier
    /// completes there are no further borders. When the source completes, what has come since the last border is
    /// emitted. Empty vectors are emitted too.
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
    /// An error of the stream or of the notifier is the end, and the other is dropped. What is held is dropped and
    /// counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let flush = Subject::new(1);
    /// let buffers = (1..=3).flow().buffer_by(flush.subscribe());
    /// flush.send(()).await;
    /// assert_eq!(buffers.collect::<Vec<_>>().await, Ok(vec![vec![], vec![1, 2, 3]]));
    /// # }
    /// ```
    #[doc(alias = "buffer")]
    #[track_caller]
    pub fn buffer_by<N>(self, notifier: N) -> Flow<BufferBy<O, N>>
    where
        N: Observable<Error = O::Error>,
    {
        let stage = Stage::new("buffer_by", self.into_inner(), ());
        let gather = Buffers::new(no_copies);
        let borders = By::new("buffer_by", notifier);
        Flow::new(BufferBy {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::buffer_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct BufferBy<O, N>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, By<N>, Buffers<O::Item>>,
    }
}

impl<O, N> Observable for BufferBy<O, N>
where
    O: Observable,
    N: Observable<Error = O::Error>,
{
    type Item = Vec<O::Item>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O, N> fmt::Debug for BufferBy<O, N>
where
    O: Observable + fmt::Debug,
    N: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferBy")
            .field("windows", &self.windows)
            .finish()
    }
}
