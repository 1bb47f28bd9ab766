//! `map`: makes another item of every item.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Makes another item of every item.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        map(n * 10)
    /// out  --10-20-30-|
    /// ```
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is mapped and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let doubled = (1..=3).flow().map(|n| n * 2);
    /// assert_eq!(doubled.collect::<Vec<_>>().await, Ok(vec![2, 4, 6]));
    /// # }
    /// ```
    #[doc(alias = "select")]
    #[track_caller]
    pub fn map<T, F>(self, project: F) -> Flow<Map<O, F>>
    where
        F: FnMut(O::Item) -> T,
    {
        Flow::new(Map {
            stage: Stage::new("map", self.into_inner(), project),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Map<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F, T> Observable for Map<O, F>
where
    O: Observable,
    F: FnMut(O::Item) -> T,
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
            .drain(cx, move |project, item| emit(project(item)))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for Map<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
