//! `with_error`: gives a flow that cannot fail the error type of those that can.

use std::{convert::Infallible, fmt, marker::PhantomData, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable<Error = Infallible>> Flow<O> {
    /// Gives a flow that cannot fail an error type, so that it meets fallible ones in `merge` or `zip`.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        with_error
    /// out  --1--2--3--|
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
    /// use std::num::ParseIntError;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let parsed = ["1", "2"].flow().map(str::parse::<u32>).raise();
    /// let both = parsed.merge([3].flow().with_error::<ParseIntError>());
    /// assert_eq!(both.collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// # }
    /// ```
    #[doc(alias = "set_failure_type")]
    #[track_caller]
    pub fn with_error<X>(self) -> Flow<WithError<O, X>> {
        Flow::new(WithError {
            stage: Stage::new("with_error", self.into_inner(), ()),
            error: PhantomData,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::with_error`].
    #[must_use = "flows do nothing unless run"]
    pub struct WithError<O, X> {
        #[pin]
        stage: Stage<O>,
        error: PhantomData<fn() -> X>,
    }
}

impl<O: Observable<Error = Infallible>, X> Observable for WithError<O, X> {
    type Item = O::Item;
    type Error = X;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, X>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        self.project()
            .stage
            .drain(cx, |(), item| emit(item))
            .map_err(|never| match never {})
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

// By hand, because a derive would ask the same of `X`, which is never there.
impl<O: Clone, X> Clone for WithError<O, X> {
    fn clone(&self) -> Self {
        Self {
            stage: self.stage.clone(),
            error: PhantomData,
        }
    }
}

impl<O: fmt::Debug, X> fmt::Debug for WithError<O, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
