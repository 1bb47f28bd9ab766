//! `switch_map`: makes a flow of every item and runs only the newest.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Makes a flow of every item and runs only the newest: the one before is dropped.
    ///
    /// ```text
    /// in   --1-------2--------|
    ///        switch_map(n => --n0--n1--n2|)
    /// out  ----10--11--20--21--22|
    /// ```
    ///
    /// At every poll the source goes first, so nothing of an old inner flow comes after an item that is there. The old
    /// one is dropped before `project` is called for the new. Of several items in one poll each is given to `project`,
    /// but only the flow of the last is run: while a source always has items, no inner flow is.
    ///
    /// Completes when the source has completed and the last inner flow has; an error of either is the end.
    ///
    /// # Backpressure
    ///
    /// Pulls all that the source has, whether or not the inner flow is heard: a slow consumer sees fewer inner flows.
    /// Holds one inner flow, which the numbers of the stage count as an item; those that were not run to their end are
    /// counted as superseded.
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
    /// let typed = ["t", "te", "tea"].flow();
    /// let found = typed.switch_map(|prefix| ["coffee", "tea"].flow().filter(move |word| word.starts_with(prefix)));
    /// assert_eq!(found.collect::<Vec<_>>().await, Ok(vec!["tea"]));
    /// # }
    /// ```
    #[doc(alias = "flat_map_latest")]
    #[doc(alias = "transform_latest")]
    #[doc(alias = "map_latest")]
    #[track_caller]
    pub fn switch_map<U, F>(self, project: F) -> Flow<SwitchMap<O, U, F>>
    where
        F: FnMut(O::Item) -> U,
        U: Observable<Error = O::Error>,
    {
        Flow::new(SwitchMap::new("switch_map", self.into_inner(), project))
    }
}

pin_project! {
    /// The observable of [`Flow::switch_map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct SwitchMap<O, U, S> {
        #[pin]
        stage: Stage<O, S>,
        #[pin]
        inner: Option<U>,
        ledger: Ledger,
    }
}

impl<O, U, S> SwitchMap<O, U, S>
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
            ledger: Ledger::new(),
        }
    }

    /// Runs the newest flow that `project` makes of the items; as long as there will be more, `note` sees what it emits.
    #[inline]
    pub(super) fn drain(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut project: impl FnMut(&mut S, O::Item) -> U,
        mut note: impl FnMut(&mut S, &U::Item),
        mut emit: impl FnMut(U::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let mut this = self.project();
        let (mut received, mut superseded) = (0, 0);
        // A source that is busy without an item, as a filter can be, leaves the inner flow its half.
        let share = match *this.inner {
            Some(_) => cx.budget().div_ceil(2),
            None => u32::MAX,
        };
        let outer = cx.limited(share, |cx| {
            this.stage.as_mut().drain(cx, |state, item| {
                received += 1;
                superseded += u64::from(this.inner.is_some());
                // The old one goes before the new one is made: both may want the same socket or lock.
                this.inner.set(None);
                this.inner.set(Some(project(state, item)));
                ControlFlow::Continue(())
            })
        });
        if received > 0 {
            this.ledger.receive(received);
            this.ledger.drop_items(DropReason::Superseded, superseded);
        }
        let outer_is_exhausted = match outer {
            Poll::Ready(Err(error)) => {
                let left = u64::from(this.inner.is_some());
                this.ledger.drop_items(DropReason::Failed, left);
                this.inner.set(None);
                return Poll::Ready(Err(error));
            }
            Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => false,
            // Where one came there may be a newer item. But the inner flow must hear of a stop.
            Poll::Ready(Ok(_)) if received > 0 && !cx.stopping() => return outer,
            Poll::Ready(Ok(_)) => true,
        };
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return outer;
        };
        let mut state = this.stage.as_mut().state();
        let drained = inner.poll_drain(cx, |item| {
            if let Some(state) = &mut state {
                note(state, &item);
            }
            emit(item)
        });
        match drained {
            Poll::Ready(Ok(Drained::Completed)) => {
                this.inner.set(None);
                this.ledger.emit(1);
                outer
            }
            Poll::Ready(Err(error)) => {
                this.inner.set(None);
                this.ledger.drop_items(DropReason::Failed, 1);
                this.stage.end();
                Poll::Ready(Err(error))
            }
            Poll::Pending if outer_is_exhausted => outer,
            drained => drained,
        }
    }

    /// Adds the stage and its source to a plan, whatever drives it.
    pub(super) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, U, F> Observable for SwitchMap<O, U, F>
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
        self.drain(cx, |project, item| project(item), |_, _| {}, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        Self::describe(self, plan);
    }
}

impl<O: fmt::Debug, U, F> fmt::Debug for SwitchMap<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwitchMap")
            .field("stage", &self.stage)
            .field("busy", &self.inner.is_some())
            .finish_non_exhaustive()
    }
}
