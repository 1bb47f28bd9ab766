//! `par_map`: runs a future for every item, several at once, and keeps the order.

mod ordered;

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::{Fault, Observable};

use crate::{Flow, Stage, delegate::delegate};

pub(super) use self::ordered::{InOrder, Ordered};

impl<O: Observable> Flow<O> {
    /// Runs a future for every item, up to `limit` at once, and hands the results on in the order of the items.
    ///
    /// ```text
    /// in   --1--2--3-----|
    ///        par_map(2, f)    f(1) takes 6, the others 2
    /// out  --------(12)-3|
    /// ```
    ///
    /// Every future runs in a task of its own from the moment its item is pulled, so it progresses while the consumer is
    /// busy. If the order does not matter, [`par_map_unordered`](Flow::par_map_unordered) does not wait for the slowest;
    /// for calls that block see [`blocking_map`](Flow::blocking_map).
    ///
    /// # Backpressure
    ///
    /// Holds at most `limit` items, running or done; with that many the source is not polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow aborts the futures; their items are lost, at most `limit`, and counted as cancelled.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the stream, [`Fault::Panicked`] if a future panicked. Either comes after
    /// the results of all other items that were pulled.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0, and when an item comes outside of a tokio runtime. A clone of a flow that runs panics. A
    /// panic of the closure itself, which runs in the task that polls, unwinds through the flow.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// async fn length(word: &'static str) -> usize {
    ///     word.len()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let lengths = ["a", "river", "runs"].flow().par_map(2, length);
    /// assert_eq!(lengths.collect::<Vec<_>>().await, Ok(vec![1, 5, 4]));
    /// # }
    /// ```
    #[doc(alias = "map_async")]
    #[doc(alias = "flat_map_sequential")]
    #[doc(alias = "buffered")]
    #[track_caller]
    pub fn par_map<F, W>(self, limit: usize, work: F) -> Flow<ParMap<O, F, W>>
    where
        F: FnMut(O::Item) -> W,
        W: Future<Output: Send + 'static> + Send + 'static,
    {
        assert!(limit > 0, "par_map of 0 at once never does anything");
        let stage = Stage::new("par_map", self.into_inner(), work);
        Flow::new(ParMap {
            ordered: Ordered::new(stage, limit),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::par_map`].
    #[must_use = "flows do nothing unless run"]
    pub struct ParMap<O, F, W>
    where
        O: Observable,
        W: Future,
    {
        #[pin]
        ordered: Ordered<O, F, W::Output>,
    }
}

impl<O, F, W> Observable for ParMap<O, F, W>
where
    O: Observable,
    F: FnMut(O::Item) -> W,
    W: Future<Output: Send + 'static> + Send + 'static,
{
    type Item = W::Output;
    type Error = Fault<O::Error>;

    delegate!(ordered.poll_drain(|jobs, number, work, item| jobs.spawn(number, work(item))));
}

impl<O, F, W> Clone for ParMap<O, F, W>
where
    O: Observable + Clone,
    F: Clone,
    W: Future<Output: Send + 'static>,
{
    fn clone(&self) -> Self {
        Self {
            ordered: self.ordered.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug, F, W: Future> fmt::Debug for ParMap<O, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ordered.fmt(f)
    }
}
