//! `skip_while`: drops items until one fails a predicate.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Drops items as long as `predicate` holds for them, then lets all pass.
    ///
    /// ```text
    /// in   --1--2--3--1--|
    ///        skip_while(below 3)
    /// out  --------3--1--|
    /// ```
    ///
    /// The first item that it does not hold for passes; the predicate is dropped then and asked no more.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
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
    /// let lines = ["# a comment", "# another", "text", "# no comment"].flow();
    /// let text = lines.skip_while(|line| line.starts_with('#'));
    /// assert_eq!(text.collect::<Vec<_>>().await, Ok(vec!["text", "# no comment"]));
    /// # }
    /// ```
    #[doc(alias = "drop_while")]
    #[track_caller]
    pub fn skip_while<F>(self, predicate: F) -> Flow<SkipWhile<O, F>>
    where
        F: FnMut(&O::Item) -> bool,
    {
        Flow::new(SkipWhile {
            stage: Stage::new("skip_while", self.into_inner(), Some(predicate)),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::skip_while`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct SkipWhile<O, F> {
        // The predicate, while it holds.
        #[pin]
        stage: Stage<O, Option<F>>,
    }
}

impl<O, F> Observable for SkipWhile<O, F>
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
        self.project().stage.drain(cx, |skipping, item| {
            if let Some(predicate) = skipping {
                if predicate(&item) {
                    return ControlFlow::Continue(());
                }
                *skipping = None;
            }
            emit(item)
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for SkipWhile<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
