//! One source and several flows of its items, without a task: whoever is polled drives the source for all.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    sync::Arc,
    task::{Context, Poll},
};

use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan, StageId};

use crate::{
    Stage,
    common_source::{Holding, Shared, Source, Turn},
};

/// Who gets an item.
pub(crate) trait Deal<T> {
    /// Items that one flow takes from the source before another may.
    const TURN: u32;

    /// Items that one flow holds at most.
    const HOLDS: usize;

    /// Sends an item to the others, or gives it back for the one that is being polled.
    fn deal(&mut self, item: T, others: &mut Others<'_, T>) -> Option<T>;
}

/// The flows that are not being polled.
pub(crate) struct Others<'t, T> {
    pub(crate) me: usize,
    /// Those that are still there.
    pub(crate) live: &'t [usize],
    sent: &'t mut Vec<(usize, T)>,
}

impl<T> Others<'_, T> {
    pub(crate) fn send(&mut self, to: usize, item: T) {
        self.sent.push((to, item));
    }
}

/// One of the flows. Holds at most `capacity` items that another took from the source, and those of one turn of its own.
pub(crate) struct Outlet<O: Observable, D> {
    shared: Option<Arc<Shared<O, D>>>,
    me: usize,
    batch: VecDeque<O::Item>,
    /// The batch was taken out of the line, and not out of the source.
    from_line: bool,
    /// Items of the batch from the line that were handed on, and whose room was not given back yet.
    handed_on: usize,
    /// Used again for every turn.
    sent: Vec<(usize, O::Item)>,
    live: Vec<usize>,
    told_to_stop: bool,
    /// It has once waited for the others to come to their graceful end.
    waited: bool,
    id: StageId,
}

impl<O: Observable, D: Deal<O::Item>> Outlet<O, D> {
    /// Makes `flows` of a source, each of which may be behind by `capacity` items.
    pub(crate) fn split(stage: Stage<O, D>, flows: usize, capacity: usize) -> Vec<Self> {
        let id = stage.id();
        let shared = Shared::new(stage, flows, capacity);
        let outlet = |me| Self {
            shared: Some(Arc::clone(&shared)),
            me,
            batch: VecDeque::new(),
            from_line: false,
            handed_on: 0,
            sent: Vec::new(),
            live: Vec::new(),
            told_to_stop: false,
            waited: false,
            id,
        };
        (0..flows).map(outlet).collect()
    }
}

impl<O: Observable<Error: Clone>, D: Deal<O::Item>> Outlet<O, D> {
    pub(crate) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(O::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        if cx.stopping() && !std::mem::replace(&mut self.told_to_stop, true) {
            let holding = self.tell_stop(cx);
            if let Some(holding) = holding {
                self.drive(holding, 0, cx);
            }
        }
        let mut rest = None;
        loop {
            if let Some(outcome) = self.work(cx, &mut emit) {
                self.give_back();
                return Poll::Ready(Ok(outcome));
            }
            if let Some(rest) = rest {
                self.give_back();
                return rest;
            }
            match self.take_turn(cx) {
                Turn::Batch => {}
                Turn::Drive(holding, room) => rest = self.drive(holding, room, cx),
                Turn::Wait => return Poll::Pending,
                Turn::Panic => panic!(
                    "{} cannot go on: its source panicked while another of the flows was polled",
                    self.id
                ),
                Turn::End(end) => {
                    self.leave();
                    return Poll::Ready((*end).clone().map(|()| Drained::Completed));
                }
            }
        }
    }

    pub(crate) fn describe(&self, plan: &mut Plan) {
        let Some(shared) = &self.shared else { return };
        let state = shared.lock();
        let described = plan
            .stage(self.id)
            .holds(Holds::Items(D::HOLDS))
            .meter(&shared.meter);
        if let Source::Here(stage) = &state.source {
            described.inputs(stage.input());
        }
    }

    /// Hands on the batch until it is used up, `emit` breaks or the budget is spent.
    fn work(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: &mut impl FnMut(O::Item) -> ControlFlow<()>,
    ) -> Option<Drained> {
        let work = Work {
            before: self.batch.len(),
            outlet: self,
        };
        while !work.outlet.batch.is_empty() {
            if !cx.spend() {
                return Some(Drained::Exhausted);
            }
            if let Some(item) = work.outlet.batch.pop_front()
                && emit(item).is_break()
            {
                return Some(Drained::Stopped);
            }
        }
        None
    }

    /// Says that its consumer wants to come to a graceful end; gives the source if all do, to let it hear of that.
    fn tell_stop(&mut self, cx: &Cx<'_, '_>) -> Option<Holding<O, D>> {
        let shared = self.shared.as_ref()?;
        shared.alarm.wait(self.me, cx.waker());
        let mut state = shared.lock();
        state.lines[self.me].stopping = true;
        state.stopping |= state.lines.iter().all(|line| line.left || line.stopping);
        if state.stopping {
            state.room(self.me, shared.capacity, &mut self.live);
            state.take_source(shared)
        } else {
            None
        }
    }

    /// Looks what there is, with all that was handed on given back.
    fn take_turn(&mut self, cx: &Cx<'_, '_>) -> Turn<O, D> {
        let Some(shared) = &self.shared else {
            return Turn::End(Arc::new(Ok(())));
        };
        // Before it looks: whatever changes from now on wakes it.
        shared.alarm.wait(self.me, cx.waker());
        let mut guard = shared.lock();
        let state = &mut *guard;
        let awaited = state.give_back(self.me, std::mem::take(&mut self.handed_on));
        let line = &mut state.lines[self.me];
        let turn = if line.queue.is_empty() {
            if cx.stopping() && !state.stopping {
                if std::mem::replace(&mut self.waited, true) {
                    Turn::End(Arc::new(Ok(())))
                } else {
                    // The others may hear of it in this very poll of the task.
                    cx.waker().wake_by_ref();
                    Turn::Wait
                }
            } else {
                state.turn_of(self.me, cx, shared, &mut self.live)
            }
        } else {
            std::mem::swap(&mut self.batch, &mut line.queue);
            self.from_line = true;
            Turn::Batch
        };
        drop(guard);
        if awaited {
            shared.alarm.wake_others(self.me);
        }
        turn
    }

    /// Takes items from the source and deals them out; gives how the poll comes to rest once they are handed on, if it does.
    fn drive(
        &mut self,
        mut holding: Holding<O, D>,
        room: usize,
        cx: &mut Cx<'_, '_>,
    ) -> Option<Poll<Result<Drained, O::Error>>> {
        let shared = self.shared.as_ref()?;
        let stage = holding.stage.as_mut()?;
        let mut others = Others {
            me: self.me,
            live: &self.live,
            sent: &mut self.sent,
        };
        let (before, batch) = (self.batch.len(), &mut self.batch);
        let budget = if room == 0 {
            0
        } else {
            cx.budget().min(D::TURN)
        };
        let mut task = Context::from_waker(&shared.waker);
        let mut turn = Cx::new(&mut task)
            .with_budget(budget)
            .with_stop(holding.stopping);
        let mut taken = 0;
        let drained = stage.as_mut().drain(&mut turn, |deal, item| {
            taken += 1;
            batch.extend(deal.deal(item, &mut others));
            if taken < room {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        cx.spend_many(budget - turn.budget());
        let own = self.batch.len() - before;
        self.from_line &= before > 0;
        shared.meter.receive((own + self.sent.len()) as u64);
        let rest = match &drained {
            Poll::Pending => Some(Poll::Pending),
            Poll::Ready(Ok(Drained::Exhausted)) if cx.budget() == 0 => {
                Some(Poll::Ready(Ok(Drained::Exhausted)))
            }
            Poll::Ready(_) => None,
        };
        holding.give_back(self.me, &mut self.sent, drained);
        rest
    }
}

impl<O: Observable, D> Outlet<O, D> {
    /// Gives back room by the half, so that the others can go on, but not with a lock for every item.
    fn give_back(&mut self) {
        if self.handed_on == 0 || self.handed_on < self.batch.len() {
            return;
        }
        let handed_on = std::mem::take(&mut self.handed_on);
        if let Some(shared) = &self.shared {
            let awaited = shared.lock().give_back(self.me, handed_on);
            if awaited {
                shared.alarm.wake_others(self.me);
            }
        }
    }

    fn leave(&mut self) {
        let Some(shared) = self.shared.take() else {
            return;
        };
        let queue = {
            let mut state = shared.lock();
            let line = &mut state.lines[self.me];
            line.left = true;
            std::mem::take(&mut line.queue)
        };
        let lost = (queue.len() + self.batch.len()) as u64;
        shared.meter.drop_items(DropReason::Cancelled, lost);
        self.batch = VecDeque::new();
        shared.alarm.wake_others(self.me);
    }
}

/// The batch in work. What was handed on is counted when it is dropped, also when `emit` panics.
struct Work<'o, O: Observable, D> {
    outlet: &'o mut Outlet<O, D>,
    before: usize,
}

impl<O: Observable, D> Drop for Work<'_, O, D> {
    fn drop(&mut self) {
        let outlet = &mut *self.outlet;
        let handed_on = self.before - outlet.batch.len();
        if outlet.from_line {
            outlet.handed_on += handed_on;
        }
        if let Some(shared) = &outlet.shared {
            shared.meter.emit(handed_on as u64);
        }
    }
}

impl<O: Observable, D> Drop for Outlet<O, D> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<O: Observable, D> fmt::Debug for Outlet<O, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("flow", &self.me)
            .field("batch", &self.batch.len())
            .field("ended", &self.shared.is_none())
            .finish_non_exhaustive()
    }
}
