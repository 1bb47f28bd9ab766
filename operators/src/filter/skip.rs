//! `skip`: drops the first items and lets the others pass.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Drops the first `count` items and lets the others pass.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        skip(2)
    /// out  --------3--4--|
    /// ```
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
    /// assert_eq!((1..=5).flow().skip(3).collect::<Vec<_>>().await, Ok(vec![4, 5]));
    /// # }
    /// ```
    #[doc(alias = "drop")]
    #[track_caller]
    pub fn skip(self, count: u64) -> Flow<Skip<O>> {
        Flow::new(Skip {
            stage: Stage::new("skip", self.into_inner(), count),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::skip`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Skip<O> {
        #[pin]
        stage: Stage<O, u64>,
    }
}

impl<O: Observable> Observable for Skip<O> {
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
        self.project().stage.drain(cx, |left, item| {
            if *left == 0 {
                return emit(item);
            }
            *left -= 1;
            ControlFlow::Continue(())
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
