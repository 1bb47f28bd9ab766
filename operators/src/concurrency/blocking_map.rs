//! `blocking_map`: runs a blocking call for every item, several at once, and keeps the order.

use std::{fmt, sync::Arc};

use pin_project_lite::pin_project;
use thalweg_core::{Fault, Observable};

use super::par_map::Ordered;
use crate::{Flow, Stage, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Runs `work` on a thread for every item, up to `limit` at once, and hands the results on in the order of the items.
    ///
    /// ```text
    /// in   --1--2--3-----|
    ///        blocking_map(2, f)    f(1) takes 6, the others 2
    /// out  --------(12)-3|
    /// ```
    ///
    /// For calls that block or compute for long, which would hold up the other tasks of the runtime. The threads are those
    /// of [`tokio::task::spawn_blocking`]; a call begins as soon as its item is pulled and progresses while the consumer
    /// is busy. For futures see [`par_map`](Self::par_map).
    ///
    /// # Backpressure
    ///
    /// Holds at most `limit` items, running or done; with that many the source is not polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops at most `limit` items, counted as cancelled. A call that has begun cannot be aborted: it
    /// runs to its end, and its result is dropped.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the stream, [`Fault::Panicked`] if a call panicked. Either comes after the
    /// results of all other items that were pulled.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0, and when an item comes outside of a tokio runtime. A clone of a flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// fn is_prime(n: u64) -> bool {
    ///     (2..n).take_while(|d| d * d <= n).all(|d| n % d > 0)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let primes = [1_000_003, 1_000_005].flow().blocking_map(2, is_prime);
    /// assert_eq!(primes.collect::<Vec<_>>().await, Ok(vec![true, false]));
    /// # }
    /// ```
    #[doc(alias = "spawn_blocking")]
    #[track_caller]
    pub fn blocking_map<F, T>(self, limit: usize, work: F) -> Flow<BlockingMap<O, F, T>>
    where
        O: Observable<Item: Send + 'static>,
        F: Fn(O::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        assert!(limit > 0, "blocking_map of 0 at once never does anything");
        let stage = Stage::new("blocking_map", self.into_inner(), Arc::new(work));
        Flow::new(BlockingMap {
            ordered: Ordered::new(stage, limit),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::blocking_map`].
    #[must_use = "flows do nothing unless run"]
    pub struct BlockingMap<O, F, T>
    where
        O: Observable,
    {
        #[pin]
        ordered: Ordered<O, Arc<F>, T>,
    }
}

impl<O, F, T> Observable for BlockingMap<O, F, T>
where
    O: Observable<Item: Send + 'static>,
    F: Fn(O::Item) -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    type Item = T;
    type Error = Fault<O::Error>;

    delegate!(ordered.poll_drain(|jobs, number, work, item| {
        let work = Arc::clone(work);
        jobs.spawn_blocking(number, move || work(item));
    }));
}

impl<O, F, T> Clone for BlockingMap<O, F, T>
where
    O: Observable + Clone,
    T: Send + 'static,
{
    fn clone(&self) -> Self {
        Self {
            ordered: self.ordered.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug, F, T> fmt::Debug for BlockingMap<O, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ordered.fmt(f)
    }
}
