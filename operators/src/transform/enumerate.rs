//! `enumerate`: numbers the items.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Puts its number before every item, from 0.
    ///
    /// ```text
    /// in   --a-----b-----c-----|
    ///        enumerate
    /// out  --(0,a)-(1,b)-(2,c)-|
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
    /// let numbered = ["a", "b"].flow().enumerate();
    /// assert_eq!(numbered.collect::<Vec<_>>().await, Ok(vec![(0, "a"), (1, "b")]));
    /// # }
    /// ```
    #[doc(alias = "index")]
    #[doc(alias = "with_index")]
    #[doc(alias = "zip_with_index")]
    #[track_caller]
    pub fn enumerate(self) -> Flow<Enumerate<O>> {
        Flow::new(Enumerate {
            stage: Stage::new("enumerate", self.into_inner(), 0),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::enumerate`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Enumerate<O> {
        #[pin]
        stage: Stage<O, u64>,
    }
}

impl<O: Observable> Observable for Enumerate<O> {
    type Item = (u64, O::Item);
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut((u64, O::Item)) -> ControlFlow<()>,
    {
        self.project().stage.drain(cx, move |next, item| {
            let number = *next;
            *next += 1;
            emit((number, item))
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
