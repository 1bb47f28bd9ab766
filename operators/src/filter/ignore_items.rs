//! `ignore_items`: drops all items, and ends when and as its source does.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Drops all items, and ends when and as its source does.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        ignore_items
    /// out  -----------|
    /// ```
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; holds nothing. It still yields to the runtime, since its source spends the budget.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost that is not dropped anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let written = (1..=3).flow().inspect(|line| println!("{line}")).ignore_items();
    /// let lines = written.concat([0].flow());
    /// assert_eq!(lines.collect::<Vec<_>>().await, Ok(vec![0]));
    /// # }
    /// ```
    #[doc(alias = "ignore_elements")]
    #[track_caller]
    pub fn ignore_items(self) -> Flow<IgnoreItems<O>> {
        Flow::new(IgnoreItems {
            stage: Stage::new("ignore_items", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::ignore_items`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct IgnoreItems<O> {
        #[pin]
        stage: Stage<O>,
    }
}

impl<O: Observable> Observable for IgnoreItems<O> {
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        _emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let stage = self.project().stage;
        stage.drain(cx, |(), _| ControlFlow::Continue(()))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
