//! `timestamp`: notes when every item came.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio::time::Instant;

use crate::{Flow, Stage};

/// An item, and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamped<T> {
    /// The item.
    pub item: T,
    /// The instant of the poll that pulled it.
    pub at: Instant,
}

impl<O: Observable> Flow<O> {
    /// Puts the instant at which it came beside every item.
    ///
    /// ```text
    /// in   --a-------b-------|
    ///        timestamp
    /// out  --(a, 2)--(b, 10)-|
    /// ```
    ///
    /// The instant is that of the poll, on the clock of the runtime; it is the same for all items of one poll.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing. A slow consumer pulls an item later, and that is when it came.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let begin = Instant::now();
    /// let first = ["a"].flow().timestamp().next().await.unwrap().unwrap();
    /// assert_eq!(first.item, "a");
    /// assert!(first.at >= begin);
    /// # }
    /// ```
    #[doc(alias = "with_timestamp")]
    #[doc(alias = "timed")]
    #[track_caller]
    pub fn timestamp(self) -> Flow<Timestamp<O>> {
        Flow::new(Timestamp {
            stage: Stage::new("timestamp", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::timestamp`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Timestamp<O> {
        #[pin]
        stage: Stage<O>,
    }
}

impl<O: Observable> Observable for Timestamp<O> {
    type Item = Timestamped<O::Item>;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let at = Instant::now();
        self.project()
            .stage
            .drain(cx, move |(), item| emit(Timestamped { item, at }))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
