//! `take`: lets the first items pass, then completes.

use std::{
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Lets the first `count` items pass, then completes.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        take(2)
    /// out  --1--(2|)
    /// ```
    ///
    /// The source is dropped before the last item is handed on, so a socket closes even if the consumer idles then.
    /// `take(0)` never polls it.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!((1..).flow().take(3).collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// # }
    /// ```
    #[doc(alias = "limit")]
    #[track_caller]
    pub fn take(self, count: u64) -> Flow<Take<O>> {
        Flow::new(Take {
            stage: Stage::new("take", self.into_inner(), count),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::take`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Take<O> {
        #[pin]
        stage: Stage<O, u64>,
    }
}

impl<O: Observable> Observable for Take<O> {
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut stage = self.project().stage;
        if stage.as_mut().state().is_some_and(|left| *left == 0) {
            stage.as_mut().end();
        }
        let mut last = None;
        let drained = stage.as_mut().drain(cx, |left, item| {
            *left -= 1;
            if *left == 0 {
                last = Some(item);
                return ControlFlow::Break(());
            }
            emit(item)
        });
        let drained = ready!(drained)?;
        let Some(last) = last else {
            return Poll::Ready(Ok(drained));
        };
        stage.end();
        Poll::Ready(Ok(match emit(last) {
            ControlFlow::Continue(()) => Drained::Completed,
            ControlFlow::Break(()) => Drained::Stopped,
        }))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
