//! Flows of flows that are run together once all of them are known.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan, StageId};

use crate::{Stage, ledger::Ledger};

pin_project! {
    /// Keeps the inner flows until the outer one has completed, then runs what `run` makes of them.
    #[derive(Clone)]
    pub(crate) struct Gather<O, R>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        gathered: Vec<O::Item>,
        run: fn(StageId, Vec<O::Item>) -> R,
        #[pin]
        running: Option<R>,
        ledger: Ledger,
    }
}

impl<O: Observable, R> Gather<O, R> {
    #[track_caller]
    pub(crate) fn new(name: &'static str, source: O, run: fn(StageId, Vec<O::Item>) -> R) -> Self {
        Self {
            stage: Stage::new(name, source, ()),
            gathered: Vec::new(),
            run,
            running: None,
            ledger: Ledger::new(),
        }
    }
}

impl<O, R> Observable for Gather<O, R>
where
    O: Observable,
    R: Observable<Error = O::Error>,
{
    type Item = R::Item;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(R::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        if !this.stage.is_ended() {
            let before = this.gathered.len();
            let gathered = &mut *this.gathered;
            let drained = this.stage.as_mut().drain(cx, |(), inner| {
                gathered.push(inner);
                ControlFlow::Continue(())
            });
            this.ledger.receive((gathered.len() - before) as u64);
            let inner = match drained {
                Poll::Ready(Ok(Drained::Completed)) => std::mem::take(gathered),
                Poll::Ready(Err(_)) => {
                    let failed = std::mem::take(gathered).len();
                    this.ledger.drop_items(DropReason::Failed, failed as u64);
                    return drained;
                }
                _ => return drained,
            };
            this.ledger.emit(inner.len() as u64);
            let running = (this.run)(this.stage.id(), inner);
            this.running.set(Some(running));
        }
        let Some(running) = this.running.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = running.poll_drain(cx, emit);
        if matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_))) {
            this.running.set(None);
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        match &self.running {
            Some(running) => running.describe(plan),
            None => {
                plan.stage(self.stage.id())
                    .holds(Holds::Unbounded)
                    .meter(self.ledger.meter())
                    .inputs(self.stage.input());
            }
        }
    }
}

impl<O: Observable + fmt::Debug, R: fmt::Debug> fmt::Debug for Gather<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather")
            .field("stage", &self.stage)
            .field("gathered", &self.gathered.len())
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}
