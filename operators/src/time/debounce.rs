//! `debounce`: the last item of a burst, once it is quiet.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    ledger::Ledger,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Emits the last item of a burst once no other has come for `quiet`.
    ///
    /// ```text
    /// in   --a-b-c--------d--|
    ///        debounce(4)
    /// out  ----------c-------(d|)
    /// ```
    ///
    /// A source that is never quiet is never heard; [`max_wait`](Flow::max_wait) bounds that. An item that comes at the
    /// very instant at which the quiet ends goes first and takes the place of the one that waited. When the source
    /// completes, the item that waits is emitted at once.
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded. Holds one item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item that waits, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; the item that waits is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let keys = ["h", "he", "her", "hero"].flow();
    /// let search = keys.debounce(Duration::from_millis(200));
    /// assert_eq!(search.collect::<Vec<_>>().await, Ok(vec!["hero"]));
    /// # }
    /// ```
    #[doc(alias = "debounce_time")]
    #[doc(alias = "sample_timeout")]
    #[track_caller]
    pub fn debounce(self, quiet: Duration) -> Flow<Debounce<O>> {
        Flow::new(Debounce {
            stage: Stage::new("debounce", self.into_inner(), ()),
            pending: None,
            quiet,
            max_wait: None,
            quiet_timer: Timer::new(),
            wait_timer: Timer::new(),
            ledger: Ledger::new(),
        })
    }
}

impl<O: Observable> Flow<Debounce<O>> {
    /// Emits the newest item also when `time` has passed since the first of a burst that does not end.
    pub fn max_wait(self, time: Duration) -> Self {
        let mut debounce = self.into_inner();
        debounce.max_wait = Some(time);
        Self::new(debounce)
    }
}

pin_project! {
    /// The observable of [`Flow::debounce`].
    #[must_use = "flows do nothing unless run"]
    pub struct Debounce<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        pending: Option<O::Item>,
        quiet: Duration,
        max_wait: Option<Duration>,
        quiet_timer: Timer,
        wait_timer: Timer,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for Debounce<O> {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let this = self.project();
        let now = Instant::now();
        let pending = this.pending;
        // Polled late: the quiet had ended before whatever comes now. A stop is heard first.
        let overdue = this.quiet_timer.has_passed(now) || this.wait_timer.has_passed(now);
        if overdue
            && cx.budget() > 0
            && !this.stage.owes_stop(cx)
            && let Some(item) = pending.take()
        {
            this.quiet_timer.clear();
            this.wait_timer.clear();
            this.ledger.emit(1);
            if emit(item).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        let waited_before = pending.is_some();
        let mut received = 0;
        let drained = this.stage.drain(cx, |(), item| {
            received += 1;
            *pending = Some(item);
            ControlFlow::Continue(())
        });
        if received > 0 {
            this.ledger.receive(received);
            this.ledger
                .drop_items(DropReason::Superseded, received - u64::from(!waited_before));
            this.quiet_timer.set(later(now, *this.quiet));
            if let (Some(time), false) = (*this.max_wait, waited_before) {
                this.wait_timer.set(later(now, time));
            }
        }
        let flush = match &drained {
            Poll::Ready(Ok(Drained::Completed)) if cx.budget() == 0 && pending.is_some() => {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            Poll::Ready(Ok(Drained::Completed)) => pending.is_some(),
            Poll::Ready(Err(_)) => {
                let left = u64::from(pending.take().is_some());
                this.ledger.drop_items(DropReason::Failed, left);
                false
            }
            // Not now: what waits is handed on by a poll that has a budget.
            _ if cx.budget() == 0 => false,
            // Both are asked, so that both wake the task.
            _ => this.quiet_timer.poll(cx.task(), now) | this.wait_timer.poll(cx.task(), now),
        };
        if flush && let Some(item) = pending.take() {
            this.quiet_timer.clear();
            this.wait_timer.clear();
            this.ledger.emit(1);
            if emit(item).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        if cx.budget() == 0 && drained.is_pending() {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O> Clone for Debounce<O>
where
    O: Observable<Item: Clone> + Clone,
{
    fn clone(&self) -> Self {
        Self {
            stage: self.stage.clone(),
            pending: self.pending.clone(),
            quiet: self.quiet,
            max_wait: self.max_wait,
            quiet_timer: self.quiet_timer.clone(),
            wait_timer: self.wait_timer.clone(),
            ledger: self.ledger.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Debounce<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debounce")
            .field("stage", &self.stage)
            .field("pending", &self.pending.is_some())
            .field("quiet", &self.quiet)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}
