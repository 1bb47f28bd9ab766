//! `filter_map`: makes another item of some items and drops the rest.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Makes another item of every item that `project` gives one for; the rest is dropped.
    ///
    /// ```text
    /// in   --1--x--3--|
    ///        filter_map(digit)
    /// out  --1-----3--|
    /// ```
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing. One that lets nothing pass still yields to the runtime, since its source spends the
    /// budget.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged, mapped and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let numbers = ["1", "two", "3"].flow().filter_map(|word| word.parse::<u32>().ok());
    /// assert_eq!(numbers.collect::<Vec<_>>().await, Ok(vec![1, 3]));
    /// # }
    /// ```
    #[doc(alias = "map_not_null")]
    #[doc(alias = "handle")]
    #[track_caller]
    pub fn filter_map<T, F>(self, project: F) -> Flow<FilterMap<O, F>>
    where
        F: FnMut(O::Item) -> Option<T>,
    {
        Flow::new(FilterMap {
            stage: Stage::new("filter_map", self.into_inner(), project),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::filter_map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct FilterMap<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F, T> Observable for FilterMap<O, F>
where
    O: Observable,
    F: FnMut(O::Item) -> Option<T>,
{
    type Item = T;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(T) -> ControlFlow<()>,
    {
        self.project()
            .stage
            .drain(cx, |project, item| match project(item) {
                Some(item) => emit(item),
                None => ControlFlow::Continue(()),
            })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for FilterMap<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
