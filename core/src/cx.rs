//! What an observable is handed with every poll: the task, the budget and the stop flag.

use std::{
    fmt,
    task::{Context, Waker},
};

/// The context of one poll: whom to wake, how much may still be done, and whether to come to an end.
///
/// * **Task**: [`task`](Self::task) is the [`Context`] of the task that polls.
/// * **Budget**: whatever makes an item spends one unit on it with [`spend`](Self::spend) and returns
///   [`Exhausted`](crate::Drained::Exhausted) once nothing is left. A filter that drops everything thus still lets
///   other tasks run.
/// * **Stop**: a source that sees [`stopping`](Self::stopping) completes; what is in flight then drains to the sink.
pub struct Cx<'a, 'w> {
    task: &'a mut Context<'w>,
    budget: u32,
    stopping: bool,
}

impl<'a, 'w> Cx<'a, 'w> {
    /// Items that may be produced in one poll, unless a driver says otherwise.
    ///
    /// A pipeline of about a nanosecond an item yields to its siblings every few microseconds; one of a microsecond an
    /// item every millisecond.
    pub const DEFAULT_BUDGET: u32 = 1024;

    /// Creates the context of one poll with the default budget, not stopping.
    pub fn new(task: &'a mut Context<'w>) -> Self {
        Self {
            task,
            budget: Self::DEFAULT_BUDGET,
            stopping: false,
        }
    }

    /// Sets the budget, in items.
    #[must_use]
    pub fn with_budget(mut self, items: u32) -> Self {
        self.budget = items;
        self
    }

    /// Sets whether the sources are to complete.
    #[must_use]
    pub fn with_stop(mut self, stopping: bool) -> Self {
        self.stopping = stopping;
        self
    }

    /// Gives the context of the task, as futures and `poll_*` functions want it.
    pub fn task(&mut self) -> &mut Context<'w> {
        self.task
    }

    /// Gives the waker of the task.
    #[must_use]
    pub fn waker(&self) -> &Waker {
        self.task.waker()
    }

    /// Tells whether a graceful stop was asked for: sources complete, everything else goes on to its end.
    #[must_use]
    #[inline]
    pub fn stopping(&self) -> bool {
        self.stopping
    }

    /// Tells how many items may still be produced in this poll.
    #[must_use]
    #[inline]
    pub fn budget(&self) -> u32 {
        self.budget
    }

    /// Spends one unit of the budget; `false` if there was none left.
    #[must_use]
    #[inline]
    pub fn spend(&mut self) -> bool {
        let some = self.budget > 0;
        self.budget -= u32::from(some);
        some
    }

    /// Spends `items` units, or all that is left if that is less.
    #[inline]
    pub fn spend_many(&mut self, items: u32) {
        self.budget = self.budget.saturating_sub(items);
    }

    /// Runs `poll` with at most `quantum` units of the budget, so that no input of several takes all of it.
    ///
    /// [`Exhausted`](crate::Drained::Exhausted) from within means that the share is spent; the caller's own budget
    /// tells whether there is more.
    #[inline]
    pub fn limited<R>(&mut self, quantum: u32, poll: impl FnOnce(&mut Self) -> R) -> R {
        let all = self.budget;
        let share = all.min(quantum);
        self.budget = share;
        let result = poll(self);
        self.budget = all - (share - self.budget);
        result
    }

    /// Runs `poll` with another waker, for an observable of many inputs that wants to know which of them woke.
    #[inline]
    pub fn woken_by<R>(&mut self, waker: &Waker, poll: impl FnOnce(&mut Cx<'_, '_>) -> R) -> R {
        let mut task = Context::from_waker(waker);
        let mut cx = Cx {
            task: &mut task,
            budget: self.budget,
            stopping: self.stopping,
        };
        let result = poll(&mut cx);
        self.budget = cx.budget;
        result
    }
}

impl fmt::Debug for Cx<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("budget", &self.budget)
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}
