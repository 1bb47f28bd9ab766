//! Borders by silence: a window closes when no item has come for a while.

use std::{collections::VecDeque, pin::Pin, task::Poll, time::Duration};

use thalweg_core::{Cx, Holds};
use tokio::time::Instant;

use crate::timer::{Timer, later};

use super::{Border, Borders};

/// Windows with a gap between them.
#[derive(Clone, Debug)]
pub(in crate::window) struct Gap {
    quiet: Duration,
    max: usize,
    items: usize,
    now: Instant,
    timer: Timer,
}

impl Gap {
    pub(in crate::window) fn new(quiet: Duration) -> Self {
        Self {
            quiet,
            max: usize::MAX,
            items: 0,
            now: Instant::now(),
            timer: Timer::new(),
        }
    }

    pub(in crate::window) fn set_max(&mut self, items: usize) {
        self.max = items;
    }

    fn close(&mut self, due: &mut VecDeque<Border>) {
        self.items = 0;
        due.extend([Border::CloseOldest, Border::Open]);
    }
}

impl<E> Borders<E> for Gap {
    const MOVED_BY_ITEMS: bool = true;

    fn read_clock(mut self: Pin<&mut Self>) {
        self.now = Instant::now();
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        due: &mut VecDeque<Border>,
    ) -> Poll<Result<(), E>> {
        let now = self.now;
        if !self.timer.poll(cx.task(), now) {
            return Poll::Pending;
        }
        self.close(due);
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn count(mut self: Pin<&mut Self>, due: &mut VecDeque<Border>) {
        self.items += 1;
        if self.items == self.max {
            self.timer.clear();
            self.close(due);
        } else {
            let deadline = later(self.now, self.quiet);
            self.timer.set(deadline);
        }
    }

    fn holds(&self) -> Holds {
        if self.max == usize::MAX {
            Holds::Unbounded
        } else {
            Holds::Items(self.max)
        }
    }
}
