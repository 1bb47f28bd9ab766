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
    /// is a source too: on a graceful stop it completes, also an iterator that is not at its end.
    ///
    /// # Backpressure
    ///
    /// While an inner flow runs, the source is not polled. Holds one inner flow and no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flow itself may lose.
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
        Flow::new(ConcatMap {
            stage: Stage::new("concat_map", self.into_inner(), project),
            inner: None,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::concat_map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ConcatMap<O, U, F> {
        #[pin]
        stage: Stage<O, F>,
        #[pin]
        inner: Option<U>,
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
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(U::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        loop {
            let told = !this.stage.owes_stop(cx);
            if let Some(inner) = this.inner.as_mut().as_pin_mut()
                && told
            {
                match inner.poll_drain(cx, &mut emit) {
                    Poll::Ready(Ok(Drained::Completed)) => this.inner.set(None),
                    Poll::Ready(Err(error)) => {
                        this.inner.set(None);
                        this.stage.end();
                        return Poll::Ready(Err(error));
                    }
                    rest => return rest,
                }
            }
            let busy = this.inner.is_some();
            let quota = if busy { 0 } else { u32::MAX };
            let mut next = None;
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |project, item| {
                    next = Some(project(item));
                    ControlFlow::Break(())
                })
            });
            if busy {
                if let Poll::Ready(Err(error)) = drained {
                    this.inner.set(None);
                    return Poll::Ready(Err(error));
                }
                continue;
            }
            match (ready!(drained)?, next) {
                (_, Some(inner)) => this.inner.set(Some(inner)),
                (drained, None) => return Poll::Ready(Ok(drained)),
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, U, F> fmt::Debug for ConcatMap<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
