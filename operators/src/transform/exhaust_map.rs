//! `exhaust_map`: makes a flow of an item and ignores the items that come while it runs.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Makes a flow of an item and runs it; the items that come while it waits are dropped.
    ///
    /// ```text
    /// in   --1---2-----3------|
    ///        exhaust_map(n => --n0--n1|)
    /// out  ----10-11-----30-31|
    /// ```
    ///
    /// While the inner flow waits, the source goes first at every poll: an item that comes at the very instant of the inner
    /// flow's end is dropped. An inner flow that never waits is run to its end before the next item is looked at; so of a
    /// source that is always ready nothing is dropped unless an inner flow waits, and where the consumer breaks changes
    /// nothing.
    ///
    /// Completes when the source has completed and the last inner flow has; an error of either is the end.
    ///
    /// # Backpressure
    ///
    /// While the inner flow waits, all that the source has is pulled and dropped, counted as overflow. Holds one inner flow,
    /// which the numbers of the stage count as an item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flow itself may lose.
    ///
    /// # Errors
    ///
    /// An error of the source passes at once while the inner flow waits, which is dropped then and counted as failed. One of
    /// the inner flow passes at once.
    ///
    /// # Examples
    ///
    /// A click while the answer to the one before is awaited does nothing:
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::{interval, timer}};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let mut click = 0;
    /// let clicks = interval(Duration::from_millis(100)).map(move |_| {
    ///     click += 1;
    ///     click
    /// });
    /// let answers = clicks.exhaust_map(|click| timer(Duration::from_millis(250)).map(move |_| click));
    /// assert_eq!(answers.take(3).collect::<Vec<_>>().await, Ok(vec![1, 4, 7]));
    /// # }
    /// ```
    #[doc(alias = "flat_map_first")]
    #[doc(alias = "flat_map_drop")]
    #[doc(alias = "exhaust")]
    #[track_caller]
    pub fn exhaust_map<U, F>(self, project: F) -> Flow<ExhaustMap<O, U, F>>
    where
        F: FnMut(O::Item) -> U,
        U: Observable<Error = O::Error>,
    {
        Flow::new(ExhaustMap::new("exhaust_map", self.into_inner(), project))
    }
}

pin_project! {
    /// The observable of [`Flow::exhaust_map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ExhaustMap<O, U, S> {
        #[pin]
        stage: Stage<O, S>,
        #[pin]
        inner: Option<U>,
        // The inner flow has said that it waits, and nothing has come of it since.
        waits: bool,
        ledger: Ledger,
    }
}

impl<O, U, S> ExhaustMap<O, U, S>
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
            ledger: Ledger::new(),
        }
    }

    /// Runs the flows that `project` makes of the items that come when none waits.
    #[inline]
    pub(super) fn drain(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut project: impl FnMut(&mut S, O::Item) -> U,
        mut emit: impl FnMut(U::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let mut this = self.project();
        let (mut received, mut ignored, mut ended) = (0, 0, 0);
        let mut ask_source = *this.waits || this.stage.owes_stop(cx);
        // Whether the source was asked for all it has since its last item that was run, and may have more.
        let (mut asked, mut has_more) = (false, false);
        let outcome = loop {
            let mut dry = false;
            if let Some(inner) = this.inner.as_mut().as_pin_mut()
                && !ask_source
            {
                let drained = inner.poll_drain(cx, &mut emit);
                *this.waits = drained.is_pending();
                match drained {
                    Poll::Ready(Ok(Drained::Completed)) => {
                        this.inner.set(None);
                        ended += 1;
                    }
                    Poll::Pending if !asked => dry = true,
                    Poll::Pending if has_more => break Poll::Ready(Ok(Drained::Exhausted)),
                    rest => break rest,
                }
            }
            let busy = this.inner.is_some();
            let asks_for_all = busy && *this.waits;
            let quota = match (busy, asks_for_all) {
                (false, _) => u32::MAX,
                (true, false) => 0,
                // A source that is always ready leaves the inner flow its half.
                (true, true) => cx.budget().div_ceil(2),
            };
            let mut next = None;
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |state, item| {
                    received += 1;
                    if busy {
                        ignored += 1;
                        return ControlFlow::Continue(());
                    }
                    next = Some(project(state, item));
                    ControlFlow::Break(())
                })
            });
            ask_source = false;
            asked = asks_for_all;
            has_more = matches!(drained, Poll::Ready(Ok(Drained::Exhausted)));
            match (drained, next) {
                (drained @ Poll::Ready(Err(_)), _) => break drained,
                (_, Some(inner)) => this.inner.set(Some(inner)),
                (drained, None) if !busy => break drained,
                _ if dry && has_more => break Poll::Ready(Ok(Drained::Exhausted)),
                _ if dry => break Poll::Pending,
                _ => {}
            }
        };
        this.ledger.receive(received);
        this.ledger.drop_items(DropReason::Overflow, ignored);
        this.ledger.emit(ended);
        if let Poll::Ready(Err(_)) = outcome {
            let left = u64::from(this.inner.is_some());
            this.ledger.drop_items(DropReason::Failed, left);
            this.inner.set(None);
            this.stage.end();
        }
        outcome
    }

    /// Adds the stage and its source to a plan, whatever drives it.
    pub(super) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, U, F> Observable for ExhaustMap<O, U, F>
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

impl<O: fmt::Debug, U, S> fmt::Debug for ExhaustMap<O, U, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExhaustMap")
            .field("stage", &self.stage)
            .field("busy", &self.inner.is_some())
            .finish_non_exhaustive()
    }
}
