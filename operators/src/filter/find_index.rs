//! `find_index`: tells the index of the first item that a predicate holds for.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Emits the index of the first item that `predicate` holds for, counted from 0, then completes.
    ///
    /// ```text
    /// in   --3--5--8--9--|
    ///        find_index(even)
    /// out  --------(2|)
    /// ```
    ///
    /// The source is dropped before the index is handed on. If there is none, nothing comes.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and its index handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let blank = ["a", "b", "", "c"].flow().find_index(|line| line.is_empty());
    /// assert_eq!(blank.collect::<Vec<_>>().await, Ok(vec![2]));
    /// # }
    /// ```
    #[doc(alias = "position")]
    #[track_caller]
    pub fn find_index<F>(self, predicate: F) -> Flow<FindIndex<O, F>>
    where
        F: FnMut(&O::Item) -> bool,
    {
        Flow::new(FindIndex {
            stage: Stage::new("find_index", self.into_inner(), (predicate, 0)),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::find_index`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct FindIndex<O, F> {
        #[pin]
        stage: Stage<O, (F, u64)>,
    }
}

impl<O, F> Observable for FindIndex<O, F>
where
    O: Observable,
    F: FnMut(&O::Item) -> bool,
{
    type Item = u64;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(u64) -> ControlFlow<()>,
    {
        let stage = self.project().stage;
        let index_of = |(predicate, next): &mut (F, u64), item| {
            let index = *next;
            *next += 1;
            predicate(&item).then_some(index)
        };
        stage.pick(cx, index_of, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for FindIndex<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
