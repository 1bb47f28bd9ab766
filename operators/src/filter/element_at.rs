//! `element_at`: lets the item at an index pass, then completes.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Lets the item at `index` pass, counted from 0, then completes.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        element_at(2)
    /// out  --------(3|)
    /// ```
    ///
    /// The source is dropped before the item is handed on. Of a flow that has no such item nothing comes.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the items before, which are dropped anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let third = ["a", "b", "c", "d"].flow().element_at(2);
    /// assert_eq!(third.collect::<Vec<_>>().await, Ok(vec!["c"]));
    /// # }
    /// ```
    #[doc(alias = "nth")]
    #[track_caller]
    pub fn element_at(self, index: u64) -> Flow<ElementAt<O>> {
        Flow::new(ElementAt {
            stage: Stage::new("element_at", self.into_inner(), index),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::element_at`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct ElementAt<O> {
        #[pin]
        stage: Stage<O, u64>,
    }
}

impl<O: Observable> Observable for ElementAt<O> {
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let stage = self.project().stage;
        let before = |left: &mut u64, item| match left.checked_sub(1) {
            Some(less) => {
                *left = less;
                None
            }
            None => Some(item),
        };
        stage.pick(cx, before, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
