//! `filter`: lets the items pass that a predicate holds for.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Lets the items pass that `predicate` holds for.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        filter(even)
    /// out  -----2-----4--|
    /// ```
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing. One that lets nothing pass still yields to the runtime, since its source spends the
    /// budget.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let even = (1..=4).flow().filter(|n| n % 2 == 0);
    /// assert_eq!(even.collect::<Vec<_>>().await, Ok(vec![2, 4]));
    /// # }
    /// ```
    #[doc(alias = "where")]
    #[track_caller]
    pub fn filter<F>(self, predicate: F) -> Flow<Filter<O, F>>
    where
        F: FnMut(&O::Item) -> bool,
    {
        Flow::new(Filter {
            stage: Stage::new("filter", self.into_inner(), predicate),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::filter`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Filter<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F> Observable for Filter<O, F>
where
    O: Observable,
    F: FnMut(&O::Item) -> bool,
{
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
        self.project().stage.drain(cx, move |predicate, item| {
            if predicate(&item) {
                emit(item)
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for Filter<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
