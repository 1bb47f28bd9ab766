//! `isolate_panics`: makes a panic of what is before it the error of the stream.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Fault, Observable, Panicked, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Makes a panic of the operators and closures before it the error of the stream.
    ///
    /// ```text
    /// in   --1--2--(panic)
    ///        isolate_panics
    /// out  --1--2--#
    /// ```
    ///
    /// What panicked is dropped at once and never polled again; what it emitted before has been handed on. A panic while it
    /// is dropped is caught too. A panic of what comes after this operator is none of its business: it passes.
    ///
    /// The panic hook still runs, so the panic is reported as any other; a program that is built to abort on panics aborts.
    /// Stages with a task of their own, such as [`spawned`](Flow::spawned), catch what panics in it without this.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost. A panic while the flow is dropped before its end is not caught.
    ///
    /// # Errors
    ///
    /// [`Fault::Panicked`] with the message of the panic and the place of this operator, [`Fault::Upstream`] with the error
    /// of the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let shares = [2, 1, 0].flow().map(|n| 6 / n).isolate_panics();
    /// let fault = shares.count().await.unwrap_err();
    /// assert!(fault.is_panic());
    /// assert!(fault.to_string().contains("attempt to divide by zero"));
    /// # }
    /// ```
    #[doc(alias = "catch_unwind")]
    #[track_caller]
    pub fn isolate_panics(self) -> Flow<IsolatePanics<O>> {
        Flow::new(IsolatePanics {
            stage: Stage::new("isolate_panics", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::isolate_panics`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct IsolatePanics<O> {
        #[pin]
        stage: Stage<O>,
    }
}

impl<O: Observable> Observable for IsolatePanics<O> {
    type Item = O::Item;
    type Error = Fault<O::Error>;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut stage = self.project().stage;
        // What comes after is called from within: its panics are told from those before by where they happen.
        let mut handing_on = false;
        let drained = catch_unwind(AssertUnwindSafe(|| {
            stage.as_mut().drain(cx, |(), item| {
                handing_on = true;
                let flow = emit(item);
                handing_on = false;
                flow
            })
        }));
        let payload = match drained {
            Ok(drained) => return Poll::Ready(ready!(drained).map_err(Fault::Upstream)),
            Err(payload) => payload,
        };
        if handing_on {
            resume_unwind(payload);
        }
        let panicked = Panicked::new(stage.id(), &*payload);
        // What panicked may do so again when it is dropped; the first panic is the one to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| stage.end()));
        Poll::Ready(Err(Fault::Panicked(panicked)))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
