//! How a loop that pulls one item at a time yields to the other tasks.

use std::task::{Context, Poll, ready};

use thalweg_core::Cx;
use tokio::task::coop;

/// Counts pulls, so that a loop of them yields after as many items as any other poll hands on.
///
/// tokio gives a task 128 units before it has to yield. Asking for one costs more than most items do, so one stands for
/// several of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulls {
    left: u8,
}

impl Pulls {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a budget is a few times 128"
    )]
    const A_UNIT: u8 = (Cx::DEFAULT_BUDGET / 128) as u8;

    /// Goes on to the next pull, or has the task woken once the others have run.
    #[inline]
    pub(crate) fn poll_proceed(&mut self, task: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            ready!(coop::poll_proceed(task)).made_progress();
            self.left = Self::A_UNIT;
        }
        self.left -= 1;
        Poll::Ready(())
    }
}
