//! What `debounce`, `sample` and `keep_latest` are made of: the newest item, kept until its cue.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{
    Stage,
    cue::{Cue, Progress},
    ledger::Ledger,
};

pin_project! {
    /// Keeps the newest item and hands it on at its cue; what it takes the place of is superseded.
    #[derive(Clone)]
    pub(crate) struct Newest<O, T, C, B = ()> {
        #[pin]
        stage: Stage<O, B>,
        #[pin]
        pub(crate) cue: C,
        pending: Option<T>,
        at_end: AtEnd,
        ledger: Ledger,
    }
}

/// What becomes of an item that still waits when the source completes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AtEnd {
    HandOn,
    Drop,
}

impl AtEnd {
    fn hands_on(self) -> bool {
        matches!(self, Self::HandOn)
    }
}

impl<O: Observable, T, C, B> Newest<O, T, C, B> {
    pub(crate) fn new(stage: Stage<O, B>, cue: C, at_end: AtEnd) -> Self {
        Self {
            stage,
            cue,
            pending: None,
            at_end,
            ledger: Ledger::new(),
        }
    }
}

impl<O, T, C, B> Newest<O, T, C, B>
where
    O: Observable<Item = T>,
    C: Cue<T, O::Error, B>,
{
    pub(crate) fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, O::Error>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        // Without a budget nobody asks for an item.
        let asked = cx.budget() > 0;
        // A stop is heard by everyone before an item goes out, as the consumer may break there.
        let tells = self.stage.owes_stop(cx);
        // Polled late: the cue came before whatever comes now.
        let is_late = self.as_mut().project().cue.look();
        if is_late && asked && !tells && self.as_mut().hand_on(&mut emit).is_break() {
            return Poll::Ready(Ok(Drained::Stopped));
        }
        let share = if tells { 0 } else { C::share(cx.budget()) };
        let drained = cx.limited(share, |cx| self.as_mut().pull(cx));
        if let Poll::Ready(Err(error)) = drained {
            return self.fail(error);
        }
        loop {
            let this = self.as_mut().project();
            let waits = this.pending.is_some();
            let progress = if !this.stage.is_ended() {
                this.cue.poll(cx, waits)
            } else if waits && this.at_end.hands_on() {
                Ok(Progress::Due)
            } else {
                this.cue.clear();
                *this.pending = None;
                this.ledger
                    .drop_items(DropReason::Unmatched, u64::from(waits));
                return Poll::Ready(Ok(Drained::Completed));
            };
            match progress {
                Err(error) => return self.fail(error),
                Ok(Progress::Busy) => return Poll::Ready(Ok(Drained::Exhausted)),
                Ok(Progress::Idle | Progress::Missed) => return drained,
                Ok(Progress::Due) if waits && !asked => {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                Ok(Progress::Due) => {
                    if self.as_mut().hand_on(&mut emit).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
            }
        }
    }

    fn pull(self: Pin<&mut Self>, cx: &mut Cx<'_, '_>) -> Poll<Result<Drained, O::Error>> {
        let this = self.project();
        let (mut cue, pending) = (this.cue, this.pending);
        let waited = pending.is_some();
        let mut received = 0;
        let drained = this.stage.drain(cx, |begins, item| {
            received += 1;
            cue.as_mut().begin(begins, &item);
            *pending = Some(item);
            ControlFlow::Continue(())
        });
        if received > 0 {
            this.ledger.receive(received);
            let superseded = received - u64::from(!waited);
            this.ledger.drop_items(DropReason::Superseded, superseded);
        }
        drained
    }

    fn hand_on(
        self: Pin<&mut Self>,
        mut emit: impl FnMut(T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let this = self.project();
        this.cue.end();
        let Some(item) = this.pending.take() else {
            return ControlFlow::Continue(());
        };
        this.ledger.emit(1);
        emit(item)
    }

    pub(crate) fn describe(&self, plan: &mut Plan) {
        let stage = plan
            .stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
        self.cue.describe(stage);
    }

    fn fail(self: Pin<&mut Self>, error: O::Error) -> Poll<Result<Drained, O::Error>> {
        let this = self.project();
        this.cue.clear();
        this.stage.end();
        let left = u64::from(this.pending.take().is_some());
        this.ledger.drop_items(DropReason::Failed, left);
        Poll::Ready(Err(error))
    }
}

impl<O: Observable + fmt::Debug, T, C, B> fmt::Debug for Newest<O, T, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.stage.id().name())
            .field("stage", &self.stage)
            .field("pending", &self.pending.is_some())
            .finish_non_exhaustive()
    }
}
