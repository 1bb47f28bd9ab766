//! `scan`: makes another item of every item and a state that it carries along.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Makes another item of every item and a state that it carries along, beginning with `initial`.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        scan(0, sum += n; sum)
    /// out  --1--3--6--|
    /// ```
    ///
    /// What `step` returns is emitted, so the state need not be cloned, nor be what comes out. A running total gives back
    /// its state: `|sum, n| { *sum += n; *sum }`. The initial state itself is not emitted; put it in front with
    /// [`start_with`](Self::start_with).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds the state and no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the state: an item changes it and its result is handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let highest = [3, 1, 4, 1, 5].flow().scan(0, |highest, n| {
    ///     *highest = n.max(*highest);
    ///     *highest
    /// });
    /// assert_eq!(highest.collect::<Vec<_>>().await, Ok(vec![3, 3, 4, 4, 5]));
    /// # }
    /// ```
    #[doc(alias = "running_fold")]
    #[doc(alias = "running_reduce")]
    #[doc(alias = "accumulate")]
    #[doc(alias = "stateful_map")]
    #[track_caller]
    pub fn scan<S, T, F>(self, initial: S, step: F) -> Flow<Scan<O, S, F>>
    where
        F: FnMut(&mut S, O::Item) -> T,
    {
        Flow::new(Scan {
            stage: Stage::new("scan", self.into_inner(), (initial, step)),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::scan`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Scan<O, S, F> {
        #[pin]
        stage: Stage<O, (S, F)>,
    }
}

impl<O, S, F, T> Observable for Scan<O, S, F>
where
    O: Observable,
    F: FnMut(&mut S, O::Item) -> T,
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
            .drain(cx, move |(state, step), item| emit(step(state, item)))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, S, F> fmt::Debug for Scan<O, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
