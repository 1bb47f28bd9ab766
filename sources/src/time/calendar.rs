//! What `cron` and `at` have in common: instants of the wall clock, and what becomes of those that are missed.

use std::{
    fmt,
    ops::ControlFlow,
    sync::Arc,
    task::Poll,
    time::{Duration, SystemTime},
};

use thalweg_core::{Cx, Drained, Plan, StageId};
use thalweg_operators::Timer;
use tokio::time::Instant;

/// How long a wall clock that was set, or a machine that slept, may go unnoticed.
const LOOK: Duration = Duration::from_mins(1);

/// An instant of [`cron`](super::cron()) or [`at`](super::at()) that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// When it was due.
    pub at: SystemTime,
    /// How many before it were skipped because the consumer was busy, or the machine slept.
    pub missed: u64,
}

/// Instants in their order.
pub(super) trait Schedule {
    /// Gives the next instant; `now` is what the wall clock shows.
    fn next(&mut self, now: SystemTime) -> Option<SystemTime>;
}

/// Waits for the instants of a schedule by the wall clock.
#[derive(Clone)]
pub(super) struct Calendar<S> {
    /// Until the end.
    schedule: Option<S>,
    due: Option<SystemTime>,
    missed: u64,
    makes_up: bool,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    timer: Timer,
    id: StageId,
}

impl<S> Calendar<S> {
    #[track_caller]
    pub(super) fn new(name: &'static str, schedule: S) -> Self {
        Self {
            schedule: Some(schedule),
            due: None,
            missed: 0,
            makes_up: false,
            clock: Arc::new(SystemTime::now),
            timer: Timer::new(),
            id: StageId::here(name),
        }
    }

    pub(super) fn make_up(&mut self) {
        self.makes_up = true;
    }

    pub(super) fn set_clock(&mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) {
        self.clock = Arc::new(clock);
    }

    pub(super) fn schedule_mut(&mut self) -> Option<&mut S> {
        self.schedule.as_mut()
    }

    pub(super) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }

    fn end(&mut self) {
        self.schedule = None;
        self.timer = Timer::new();
    }
}

impl<S: Schedule> Calendar<S> {
    pub(super) fn poll_drain<E>(
        &mut self,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(Occurrence) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, E>> {
        if cx.stopping() {
            self.end();
        }
        let mut now = (self.clock)();
        while let Some(schedule) = &mut self.schedule {
            let Some(due) = self.due.or_else(|| schedule.next(now)) else {
                break;
            };
            self.due = Some(due);
            if let Ok(wait) = due.duration_since(now)
                && !wait.is_zero()
            {
                // The two clocks may part, so the wall clock has the last word.
                let instant = Instant::now();
                self.timer.set(instant + wait.min(LOOK));
                if !self.timer.poll(cx.task(), instant) {
                    return Poll::Pending;
                }
                now = (self.clock)();
                continue;
            }
            // What is skipped is paid for too: there may be years of it.
            if !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let following = schedule.next(now);
            self.due = following;
            if !self.makes_up && following.is_some_and(|following| following <= now) {
                self.missed = self.missed.saturating_add(1);
                continue;
            }
            if following.is_none() {
                self.end();
            }
            let missed = std::mem::take(&mut self.missed);
            if emit(Occurrence { at: due, missed }).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        self.end();
        Poll::Ready(Ok(Drained::Completed))
    }
}

impl<S> fmt::Debug for Calendar<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("due", &self.due)
            .field("ended", &self.schedule.is_none())
            .finish_non_exhaustive()
    }
}
