//! `concat_map`: makes a flow of every item and runs one after the other.

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
    /// Makes a flow of every item and runs one after the other, each to its end.
    ///
    /// ```text
    /// in   --1-----2----|
    ///        concat_map(n => --n0-n1|)
    /// out  ----10-11-20-21|
    /// ```
    ///
    /// Completes when the source has completed and the last inner flow has; an error of either is the end. An inner flow
    /// is a source too: on a graceful stop it completes, also an iterator that is not at its end; for one that goes on see
    /// [`flat_map_iter`](Self::flat_map_iter).
    ///
    /// # Backpressure
    ///
    /// While an inner flow runs, no item of the source is pulled. Holds one inner flow and no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flow itself may lose.
    ///
    /// # Errors
    ///
    /// An error of the source passes at once while the inner flow waits, and drops it; not if an item comes before it, nor
    /// from a source that does not look without a budget.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let pages = (1..=2).flow().concat_map(|page| (0..2).flow().map(move |row| (page, row)));
    /// assert_eq!(pages.collect::<Vec<_>>().await, Ok(vec![(1, 0), (1, 1), (2, 0), (2, 1)]));
    /// # }
    /// ```
    #[doc(alias = "flat_map_concat")]
    #[doc(alias = "flatten")]
    #[track_caller]
    pub fn concat_map<U, F>(self, project: F) -> Flow<ConcatMap<O, U, F>>
    where
        F: FnMut(O::Item) -> U,
        U: Observable<Error = O::Error>,
    {
        Flow::new(ConcatMap::new("concat_map", self.into_inner(), project))
    }
}

pin_project! {
    /// The observable of [`Flow::concat_map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ConcatMap<O, U, S> {
        #[pin]
        stage: Stage<O, S>,
        #[pin]
        inner: Option<U>,
        // The inner flow has said that it waits, and nothing has come of it since.
        waits: bool,
    }
}

impl<O, U, S> ConcatMap<O, U, S>
where
    O: Observable,
    U: Observable<Error = O::Error>,
{
    /// Creates a stage that is driven by [`drain`](Self::drain).
    #[track_caller]
    pub(super) fn new(name: &'static str, source: O, state: S) -> Self {
        Self {
            stage: Stage::new(name, source, state),
            inner: None,
            waits: false,
        }
    }

    /// Runs the flows that `project` makes of the items, one after the other.
    #[inline]
    pub(super) fn drain(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut project: impl FnMut(&mut S, O::Item) -> U,
        mut emit: impl FnMut(U::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let mut this = self.project();
        // A source that fails while the inner flow waits is the end at once, so it is asked without a budget. An inner
        // flow that is not dry goes first: a break may not change what comes.
        let mut ask_source = *this.waits || this.stage.owes_stop(cx);
        // Whether the source was asked since its last item, so that it wakes the task.
        let mut asked = false;
        loop {
            let mut dry = false;
            if let Some(inner) = this.inner.as_mut().as_pin_mut()
                && !ask_source
            {
                let drained = inner.poll_drain(cx, &mut emit);
                *this.waits = drained.is_pending();
                match drained {
                    Poll::Ready(Ok(Drained::Completed)) => this.inner.set(None),
                    Poll::Ready(Err(error)) => {
                        this.inner.set(None);
                        this.stage.end();
                        return Poll::Ready(Err(error));
                    }
                    Poll::Pending if !asked => dry = true,
                    rest => return rest,
                }
            }
            let busy = this.inner.is_some();
            let quota = if busy { 0 } else { u32::MAX };
            // In its place from the beginning: it may be large.
            let mut inner = this.inner.as_mut();
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |state, item| {
                    inner.set(Some(project(state, item)));
                    ControlFlow::Break(())
                })
            });
            ask_source = false;
            asked = busy;
            if busy {
                if let Poll::Ready(Err(error)) = drained {
                    this.inner.set(None);
                    return Poll::Ready(Err(error));
                }
                if dry {
                    return Poll::Pending;
                }
                continue;
            }
            let drained = ready!(drained)?;
            if this.inner.is_none() {
                return Poll::Ready(Ok(drained));
            }
        }
    }

    /// Adds the stage and its source to a plan, whatever drives it.
    pub(super) fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O, U, F> Observable for ConcatMap<O, U, F>
where
    O: Observable,
    F: FnMut(O::Item) -> U,
    U: Observable<Error = O::Error>,
{
    type Item = U::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(U::Item) -> ControlFlow<()>,
    {
        self.drain(cx, |project, item| project(item), emit)
    }

    fn describe(&self, plan: &mut Plan) {
        Self::describe(self, plan);
    }
}

impl<O: fmt::Debug, U, F> fmt::Debug for ConcatMap<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
