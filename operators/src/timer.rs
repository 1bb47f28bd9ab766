//! A timer that is cheap to move: setting it is a store, the runtime hears of it only when it must.

use std::{fmt, future::Future, pin::Pin, task::Context, time::Duration};

use tokio::time::{Instant, Sleep, sleep_until};

/// Stands for a time that does not come: about thirty years, as in tokio.
const NEVER: Duration = Duration::from_hours(24 * 365 * 30);

/// Gives the instant that is `wait` after `now`, also if no clock will ever show it.
pub(crate) fn later(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or_else(|| now + NEVER)
}

/// A deadline, and the runtime's timer behind it; for those who write operators and sources that look at the clock.
///
/// Moving the deadline further away touches no timer: the old one fires first and is armed again then. So an operator
/// may set it at every item. A clone has the deadline and a timer of its own.
#[derive(Default)]
pub struct Timer {
    deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Creates a timer without a deadline, which never fires.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the deadline, in place of the one there was.
    pub fn set(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    /// Tells whether there is a deadline.
    pub fn is_set(&self) -> bool {
        self.deadline.is_some()
    }

    /// Tells whether the deadline lies before `now`, and leaves it as it is.
    pub fn has_passed(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline < now)
    }

    /// Takes the deadline away.
    pub fn clear(&mut self) {
        self.deadline = None;
    }

    /// Tells whether the deadline has come, and clears it then; otherwise has the task woken when it comes.
    pub fn poll(&mut self, task: &mut Context<'_>, now: Instant) -> bool {
        let Some(deadline) = self.deadline else {
            return false;
        };
        if now >= deadline {
            self.deadline = None;
            return true;
        }
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(task).is_ready() {
            if sleep.deadline() >= deadline {
                // The runtime's clock has passed it since `now` was read.
                self.deadline = None;
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }
}

impl Clone for Timer {
    fn clone(&self) -> Self {
        Self {
            deadline: self.deadline,
            sleep: None,
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
