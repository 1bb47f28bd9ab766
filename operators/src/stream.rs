//! A flow as a `Stream`, for everything that takes one.

use std::{
    convert::Infallible,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow,
    drive::{Rest, drive},
};

impl<O: Observable> Flow<O> {
    /// Pulls one item, and takes part in tokio's cooperative budget, so that a loop over an endless flow yields.
    pub(crate) fn poll_one(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<O::Item, O::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        ready!(self.as_mut().project().pulls.poll_proceed(task));
        let mut slot = None;
        let rest = drive(self.as_mut().source(), task, false, |item| {
            slot = Some(item);
            ControlFlow::Break(())
        });
        let rest = ready!(rest);
        if !matches!(rest, Ok(Rest::Stopped)) {
            *self.project().ended = true;
        }
        Poll::Ready(match rest {
            Ok(_) => slot.map(Ok),
            Err(error) => Some(Err(error)),
        })
    }
}

/// Every item is `Ok`, the error of the stream the last `Err`.
impl<O: Observable> Stream for Flow<O> {
    type Item = Result<O::Item, O::Error>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_one(task)
    }
}

impl<O: Observable> FusedStream for Flow<O> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<O: Observable<Error = Infallible>> Flow<O> {
    /// Turns a flow that cannot fail into a [`Stream`] of its plain items.
    ///
    /// # Backpressure
    ///
    /// Pulls one item at a time and holds none.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let stream = (1..=3).flow().map(|n| n * 10).into_stream();
    /// assert_eq!(stream.collect::<Vec<_>>().await, [10, 20, 30]);
    /// # }
    /// ```
    #[doc(alias = "values")]
    pub fn into_stream(self) -> PlainStream<O> {
        PlainStream { flow: self }
    }
}

pin_project! {
    /// A [`Stream`] of the items of a flow that cannot fail; see [`Flow::into_stream`].
    #[derive(Clone)]
    #[must_use = "streams do nothing unless polled"]
    pub struct PlainStream<O> {
        #[pin]
        flow: Flow<O>,
    }
}

impl<O: Observable<Error = Infallible>> Stream for PlainStream<O> {
    type Item = O::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<O::Item>> {
        let item = ready!(self.project().flow.poll_one(task));
        Poll::Ready(item.map(|Ok(item)| item))
    }
}

impl<O: Observable<Error = Infallible>> FusedStream for PlainStream<O> {
    fn is_terminated(&self) -> bool {
        self.flow.ended
    }
}

impl<O: fmt::Debug> fmt::Debug for PlainStream<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainStream")
            .field("flow", &self.flow)
            .finish()
    }
}
