//! `raise`: makes the error of an item the error of the stream.

use std::{
    convert::Infallible,
    marker::PhantomData,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Makes the first item that is an error the failure of the stream; the others are unwrapped.
    ///
    /// ```text
    /// in   --Ok(1)--Ok(2)--Err(e)--Ok(3)--|
    ///        raise
    /// out  --1------2------#
    /// ```
    ///
    /// The stream's own errors must be convertible into the error of its items; those of a flow that cannot fail are.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// The first error among the items, or the error of the stream, converted. The source is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let sum = ["1", "2", "x"].flow().map(str::parse::<u32>).raise().fold(0, |sum, n| sum + n).await;
    /// assert!(sum.is_err());
    /// # }
    /// ```
    #[doc(alias = "try_map")]
    #[track_caller]
    pub fn raise<T, X, Kind>(self) -> Flow<Raise<O, Kind>>
    where
        O: Observable<Item = Result<T, X>, Error: IntoError<X, Kind>>,
    {
        Flow::new(Raise {
            stage: Stage::new("raise", self.into_inner(), ()),
            kind: PhantomData,
        })
    }
}

/// How the error of a stream becomes the error of its items, for [`Flow::raise`].
///
/// An error is its own; [`Infallible`] becomes any. `Kind` says which of the two it is; it is always inferred.
pub trait IntoError<X, Kind> {
    /// Converts the error.
    fn into_error(self) -> X;
}

/// [`IntoError`] of the same type.
#[derive(Clone, Copy, Debug)]
pub struct SameError(());

/// [`IntoError`] of a stream that cannot fail.
#[derive(Clone, Copy, Debug)]
pub struct NoError(());

impl<X> IntoError<X, SameError> for X {
    fn into_error(self) -> X {
        self
    }
}

impl<X> IntoError<X, NoError> for Infallible {
    fn into_error(self) -> X {
        match self {}
    }
}

pin_project! {
    /// The observable of [`Flow::raise`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Raise<O, Kind> {
        #[pin]
        stage: Stage<O>,
        kind: PhantomData<fn() -> Kind>,
    }
}

impl<O, T, X, Kind> Observable for Raise<O, Kind>
where
    O: Observable<Item = Result<T, X>, Error: IntoError<X, Kind>>,
{
    type Item = T;
    type Error = X;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, X>>
    where
        E: FnMut(T) -> ControlFlow<()>,
    {
        let mut stage = self.project().stage;
        let mut raised = None;
        let drained = stage.as_mut().drain(cx, |(), item| match item {
            Ok(item) => emit(item),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        });
        let drained = ready!(drained).map_err(IntoError::into_error);
        match raised {
            Some(error) => {
                stage.end();
                Poll::Ready(Err(error))
            }
            None => Poll::Ready(drained),
        }
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
