//! `inspect`: looks at every item on its way.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Looks at every item on its way.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        inspect(look)
    /// out  --1--2--3--|    and look(1), look(2), look(3)
    /// ```
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is seen and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut seen = Vec::new();
    /// let sum = (1..=3).flow().inspect(|n| seen.push(*n)).fold(0, |sum, n| sum + n).await;
    /// assert_eq!((sum, seen), (Ok(6), vec![1, 2, 3]));
    /// # }
    /// ```
    #[doc(alias = "tap")]
    #[doc(alias = "do_on_next")]
    #[doc(alias = "on_each")]
    #[track_caller]
    pub fn inspect<F>(self, look: F) -> Flow<Inspect<O, F>>
    where
        F: FnMut(&O::Item),
    {
        Flow::new(Inspect {
            stage: Stage::new("inspect", self.into_inner(), look),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::inspect`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Inspect<O, F> {
        #[pin]
        stage: Stage<O, F>,
    }
}

impl<O, F> Observable for Inspect<O, F>
where
    O: Observable,
    F: FnMut(&O::Item),
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
        self.project().stage.drain(cx, move |look, item| {
            look(&item);
            emit(item)
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for Inspect<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
