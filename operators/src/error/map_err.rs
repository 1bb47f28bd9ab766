//! `map_err`: makes another error of the error of the stream.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Makes another error of the error of the stream; items pass.
    ///
    /// ```text
    /// in   --1--2--#
    ///        map_err(convert)
    /// out  --1--2--#    with convert(error)
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
    /// # Errors
    ///
    /// What `convert` makes of the error of the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let numbers = ["1", "x"].flow().map(str::parse::<u32>).raise();
    /// let told = numbers.map_err(|error| format!("not a number: {error}"));
    /// assert_eq!(told.count().await, Err("not a number: invalid digit found in string".to_owned()));
    /// # }
    /// ```
    #[doc(alias = "on_error_map")]
    #[doc(alias = "map_error")]
    #[track_caller]
    pub fn map_err<X, F>(self, convert: F) -> Flow<MapErr<O, F>>
    where
        F: FnOnce(O::Error) -> X,
    {
        Flow::new(MapErr {
            stage: Stage::new("map_err", self.into_inner(), ()),
            convert: Some(convert),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::map_err`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct MapErr<O, F> {
        #[pin]
        stage: Stage<O>,
        convert: Option<F>,
    }
}

impl<O, F, X> Observable for MapErr<O, F>
where
    O: Observable,
    F: FnOnce(O::Error) -> X,
{
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
        let this = self.project();
        let drained = ready!(this.stage.drain(cx, |(), item| emit(item)));
        let convert = match drained {
            Ok(Drained::Completed) | Err(_) => this.convert.take(),
            Ok(_) => None,
        };
        Poll::Ready(match (drained, convert) {
            (Ok(drained), _) => Ok(drained),
            (Err(error), Some(convert)) => Err(convert(error)),
            // A stage fails once, and until then the closure is there.
            (Err(_), None) => Ok(Drained::Completed),
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, F> fmt::Debug for MapErr<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
