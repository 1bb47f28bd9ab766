//! `ok_items`: lets items that are `Ok` pass and hands their errors to a closure.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Meter, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Lets the items that are `Ok` pass, unwrapped; `on_error` is handed the errors, and they are counted.
    ///
    /// ```text
    /// in   --Ok(1)--Err(e)--Ok(2)--|
    ///        ok_items(on_error)
    /// out  --1--------------2------|    and on_error(e)
    /// ```
    ///
    /// The flow goes on after an error; to end it there see [`raise`](Flow::raise).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing. The errors are counted as failed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is handed on or to `on_error` in one step.
    ///
    /// # Errors
    ///
    /// The errors of items never end the flow; an error of the stream passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut bad = 0;
    /// let numbers = ["1", "x", "2"].flow().map(str::parse::<u32>).ok_items(|_| bad += 1);
    /// assert_eq!(numbers.collect::<Vec<_>>().await, Ok(vec![1, 2]));
    /// assert_eq!(bad, 1);
    /// # }
    /// ```
    #[doc(alias = "on_error_continue")]
    #[doc(alias = "filter_ok")]
    #[track_caller]
    pub fn ok_items<T, X, F>(self, on_error: F) -> Flow<OkItems<O, F>>
    where
        O: Observable<Item = Result<T, X>>,
        F: FnMut(X),
    {
        Flow::new(OkItems {
            stage: Stage::new("ok_items", self.into_inner(), on_error),
            meter: Meter::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::ok_items`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct OkItems<O, F> {
        #[pin]
        stage: Stage<O, F>,
        meter: Meter,
    }
}

impl<O, F, T, X> Observable for OkItems<O, F>
where
    O: Observable<Item = Result<T, X>>,
    F: FnMut(X),
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
        let this = self.project();
        let (mut passed, mut failed) = (0, 0);
        let drained = this.stage.drain(cx, |on_error, item| match item {
            Ok(item) => {
                passed += 1;
                emit(item)
            }
            Err(error) => {
                failed += 1;
                on_error(error);
                ControlFlow::Continue(())
            }
        });
        this.meter.receive(passed + failed);
        this.meter.emit(passed);
        this.meter.drop_items(DropReason::Failed, failed);
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .meter(&self.meter)
            .inputs(self.stage.input());
    }
}

impl<O: fmt::Debug, F> fmt::Debug for OkItems<O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OkItems")
            .field("stage", &self.stage)
            .field("meter", &self.meter)
            .finish()
    }
}
