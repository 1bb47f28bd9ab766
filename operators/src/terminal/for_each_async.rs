//! `for_each_async`: runs the flow and waits for a future for every item.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Observable};

use crate::{
    Flow, Stage,
    drive::{Rest, settle},
};

impl<O: Observable> Flow<O> {
    /// Runs the flow and waits for the future that `consume` makes of an item before it pulls the next.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        for_each_async(f)
    ///      f(1).await f(2).await f(3).await, then Ok(())
    /// ```
    ///
    /// # Backpressure
    ///
    /// While a future runs, the flow is not polled. Holds one future.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the item whose future runs, and no other.
    ///
    /// # Errors
    ///
    /// The error of the stream, once the futures of the items before it are done.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
    /// (1..=2).flow().for_each_async(|n| {
    ///     let sender = sender.clone();
    ///     async move { sender.send(n).await.unwrap() }
    /// }).await;
    /// assert_eq!((receiver.recv().await, receiver.recv().await), (Some(1), Some(2)));
    /// # }
    /// ```
    #[doc(alias = "collect")]
    #[doc(alias = "run_foreach_async")]
    #[track_caller]
    pub fn for_each_async<F, W>(self, consume: F) -> ForEachAsync<O, F, W>
    where
        F: FnMut(O::Item) -> W,
        W: Future<Output = ()>,
    {
        ForEachAsync {
            stage: Stage::new("for_each_async", self.into_inner(), consume),
            work: None,
        }
    }
}

pin_project! {
    /// The future of [`Flow::for_each_async`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct ForEachAsync<O, F, W> {
        #[pin]
        stage: Stage<O, F>,
        #[pin]
        work: Option<W>,
    }
}

impl<O, F, W> Future for ForEachAsync<O, F, W>
where
    O: Observable,
    F: FnMut(O::Item) -> W,
    W: Future<Output = ()>,
{
    type Output = Result<(), O::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // One budget for all items of this poll, so that futures which are ready at once do not hold the thread.
        let mut cx = Cx::new(task);
        loop {
            if let Some(work) = this.work.as_mut().as_pin_mut() {
                ready!(work.poll(cx.task()));
                this.work.set(None);
            }
            let mut next = None;
            let drained = this.stage.as_mut().drain(&mut cx, |consume, item| {
                next = Some(consume(item));
                ControlFlow::Break(())
            });
            let rest = settle(ready!(drained), cx.waker());
            match ready!(rest)? {
                Rest::Stopped => this.work.set(next),
                Rest::Completed => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<O: fmt::Debug, F, W> fmt::Debug for ForEachAsync<O, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
