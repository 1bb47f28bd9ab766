//! What `throttle` and `audit` are made of: an item opens a window, which says what becomes of those that come in it.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{
    Stage,
    cue::{Cue, Progress},
    ledger::Ledger,
};

pin_project! {
    /// Lets the first item of a window pass, or the last, or both; the others are superseded.
    #[derive(Clone)]
    pub(crate) struct Gate<O, T, C, B = ()> {
        #[pin]
        stage: Stage<O, B>,
        // When the window that is open ends.
        #[pin]
        cue: C,
        is_open: bool,
        pub(crate) edges: Edges,
        pending: Option<T>,
        ledger: Ledger,
    }
}

/// At which ends of a window an item is handed on, and whether the last one opens the next window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edges {
    leading: bool,
    trailing: bool,
    reopens: bool,
}

impl Edges {
    pub(crate) const LEADING: Self = Self {
        leading: true,
        trailing: false,
        reopens: false,
    };
    pub(crate) const TRAILING: Self = Self {
        leading: false,
        trailing: true,
        reopens: true,
    };
    pub(crate) const BOTH: Self = Self {
        leading: true,
        trailing: true,
        reopens: true,
    };
    pub(crate) const LAST: Self = Self {
        leading: false,
        trailing: true,
        reopens: false,
    };
}

impl<O: Observable, T, C, B> Gate<O, T, C, B> {
    pub(crate) fn new(stage: Stage<O, B>, cue: C, edges: Edges) -> Self {
        Self {
            stage,
            cue,
            is_open: false,
            edges,
            pending: None,
            ledger: Ledger::new(),
        }
    }

    pub(crate) fn describe(&self, plan: &mut Plan) {
        let holds = if self.edges.trailing {
            Holds::Items(1)
        } else {
            Holds::Nothing
        };
        plan.stage(self.stage.id())
            .holds(holds)
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, T, C, B> Gate<O, T, C, B>
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
        // A window that ended earlier goes before what comes now; one that ends now goes after it.
        let is_over = self.as_mut().project().cue.look();
        if is_over && asked && !tells && self.as_mut().close(&mut emit).is_break() {
            return Poll::Ready(Ok(Drained::Stopped));
        }
        let share = if tells { 0 } else { C::share(cx.budget()) };
        let drained = cx.limited(share, |cx| self.as_mut().pull(cx, &mut emit));
        match drained {
            Poll::Ready(Err(error)) => return self.fail(error),
            Poll::Ready(Ok(Drained::Stopped)) => return drained,
            Poll::Ready(Ok(_)) | Poll::Pending => {}
        }
        loop {
            let this = self.as_mut().project();
            let mut cue = this.cue;
            let waits = this.pending.is_some();
            let has_ended = this.stage.is_ended();
            if has_ended && !(waits && *this.is_open) {
                cue.clear();
                let left = u64::from(this.pending.take().is_some());
                this.ledger.drop_items(DropReason::Unmatched, left);
                return Poll::Ready(Ok(Drained::Completed));
            }
            match cue.as_mut().poll(cx, waits) {
                Err(error) => return self.fail(error),
                Ok(Progress::Idle) if has_ended => return Poll::Pending,
                Ok(Progress::Idle) => return drained,
                Ok(Progress::Busy) => return Poll::Ready(Ok(Drained::Exhausted)),
                Ok(Progress::Missed) => {
                    // What came in the window waits for the next one.
                    cue.end();
                    *this.is_open = false;
                }
                Ok(Progress::Due) if waits && !asked => {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                Ok(Progress::Due) => {
                    if self.as_mut().close(&mut emit).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
            }
        }
    }

    /// Drains the source, and opens a window where there is none.
    fn pull(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(T) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let this = self.project();
        let (mut cue, is_open, pending) = (this.cue, this.is_open, this.pending);
        let Edges {
            leading, trailing, ..
        } = *this.edges;
        let (mut received, mut emitted, mut superseded) = (0, 0, 0);
        let drained = this.stage.drain(cx, |begins, item| {
            received += 1;
            let opens = !std::mem::replace(is_open, true);
            if opens {
                cue.as_mut().begin(begins, &item);
            }
            if opens && leading {
                superseded += u64::from(pending.take().is_some());
                emitted += 1;
                return emit(item);
            }
            let loses = !trailing || pending.replace(item).is_some();
            superseded += u64::from(loses);
            ControlFlow::Continue(())
        });
        this.ledger.receive(received);
        this.ledger.emit(emitted);
        this.ledger.drop_items(DropReason::Superseded, superseded);
        drained
    }

    /// Closes the window and hands on what waits for that.
    fn close(self: Pin<&mut Self>, mut emit: impl FnMut(T) -> ControlFlow<()>) -> ControlFlow<()> {
        let this = self.project();
        let mut cue = this.cue;
        cue.as_mut().end();
        *this.is_open = false;
        let Some(item) = this.pending.take() else {
            return ControlFlow::Continue(());
        };
        // After the end nothing can come in another window.
        if let Some(begins) = this.stage.state()
            && this.edges.reopens
        {
            cue.begin(begins, &item);
            *this.is_open = true;
        }
        this.ledger.emit(1);
        emit(item)
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

impl<O: Observable + fmt::Debug, T, C, B> fmt::Debug for Gate<O, T, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.stage.id().name())
            .field("stage", &self.stage)
            .field("edges", &self.edges)
            .field("pending", &self.pending.is_some())
            .finish_non_exhaustive()
    }
}
