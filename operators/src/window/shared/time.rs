//! Borders by the clock: windows of a span, one after the other or one in every period.

use std::{collections::VecDeque, pin::Pin, task::Poll, time::Duration};

use thalweg_core::{Cx, Holds};
use tokio::time::Instant;

use crate::timer::{Timer, later};

use super::{Border, Borders};

/// Windows of a span of time, at most so many items each.
#[derive(Clone, Debug)]
pub(in crate::window) struct Time {
    span: Duration,
    /// How often a window opens; without it, whenever the one before closes.
    every: Option<Duration>,
    max: usize,
    now: Instant,
    begun: bool,
    open: VecDeque<Open>,
    opens_at: Option<Instant>,
    timer: Timer,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Instant,
    items: usize,
    /// Whether the source was asked since it opened.
    asked: bool,
}

impl Time {
    pub(in crate::window) fn new(span: Duration) -> Self {
        Self {
            span,
            every: None,
            max: usize::MAX,
            now: Instant::now(),
            begun: false,
            open: VecDeque::new(),
            opens_at: None,
            timer: Timer::new(),
        }
    }

    pub(in crate::window) fn set_every(&mut self, period: Duration) {
        self.every = Some(period);
    }

    pub(in crate::window) fn set_max(&mut self, items: usize) {
        self.max = items;
    }

    /// Begins a window at `start`; the first is open already.
    fn open(&mut self, start: Instant) {
        self.open.push_back(Open {
            until: later(start, self.span),
            items: 0,
            asked: false,
        });
        self.opens_at = self.every.map(|period| later(start, period));
    }

    fn close_oldest(&mut self, due: &mut VecDeque<Border>) -> Option<Open> {
        due.push_back(Border::CloseOldest);
        self.open.pop_front()
    }

    /// Crosses a border that `now` has reached, if there is one.
    fn cross(&mut self, now: Instant, due: &mut VecDeque<Border>) -> bool {
        self.skip(now);
        if self.open.front().is_some_and(|open| open.until <= now) {
            let closed = self.close_oldest(due);
            if let (Some(closed), None) = (closed, self.every) {
                due.push_back(Border::Open);
                self.open(latest(closed.until, self.span, now));
            }
            return true;
        }
        if let (Some(at), Some(period)) = (self.opens_at, self.every)
            && at <= now
        {
            due.push_back(Border::Open);
            self.open(latest(at, period, now));
            return true;
        }
        false
    }

    /// Skips windows for which nobody was there: otherwise a consumer that is slower than they are would get nothing but
    /// empty ones, each in place of a look at the source.
    fn skip(&mut self, now: Instant) {
        if let (Some(at), Some(period)) = (self.opens_at, self.every)
            && later(at, self.span) <= now
        {
            let start = latest(at, period, now);
            let is_over = later(start, self.span) <= now;
            self.opens_at = Some(if is_over { later(start, period) } else { start });
        }
        let Some(open) = self.open.front_mut() else {
            return;
        };
        if open.until > now || open.asked {
            return;
        }
        // It is open already, and becomes the one that is due.
        match (self.every, self.opens_at) {
            (None, _) => open.until = later(latest(open.until, self.span, now), self.span),
            (Some(period), Some(at)) if at <= now => {
                let start = latest(at, period, now);
                open.until = later(start, self.span);
                self.opens_at = Some(later(start, period));
            }
            _ => {}
        }
    }
}

/// Gives the last instant up to `now` that is a number of periods after `start`: what nobody was there for is skipped.
fn latest(start: Instant, period: Duration, now: Instant) -> Instant {
    let late = now.saturating_duration_since(start).as_nanos();
    let into_the_period = late % period.as_nanos();
    let missed = u64::try_from(late - into_the_period).unwrap_or(u64::MAX);
    later(start, Duration::from_nanos(missed))
}

impl<E> Borders<E> for Time {
    fn read_clock(mut self: Pin<&mut Self>) {
        self.now = Instant::now();
        if !self.begun {
            self.begun = true;
            let now = self.now;
            self.open(now);
        }
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        due: &mut VecDeque<Border>,
    ) -> Poll<Result<(), E>> {
        let this = &mut *self;
        loop {
            if this.cross(this.now, due) {
                return Poll::Ready(Ok(()));
            }
            // The source is next.
            for open in &mut this.open {
                open.asked = true;
            }
            let closes_at = this.open.front().map(|open| open.until);
            let Some(next) = closes_at.into_iter().chain(this.opens_at).min() else {
                return Poll::Pending;
            };
            this.timer.set(next);
            if !this.timer.poll(cx.task(), this.now) {
                return Poll::Pending;
            }
            // The clock has passed it since it was read.
            this.now = next;
        }
    }

    #[inline]
    fn count(mut self: Pin<&mut Self>, due: &mut VecDeque<Border>) {
        let this = &mut *self;
        if this.max == usize::MAX {
            return;
        }
        for open in &mut this.open {
            open.items += 1;
        }
        while this.open.front().is_some_and(|open| open.items >= this.max) {
            this.close_oldest(due);
            if this.every.is_none() {
                due.push_back(Border::Open);
                this.open(this.now);
            }
        }
    }

    fn holds(&self) -> Holds {
        if self.max == usize::MAX || self.every.is_some() {
            Holds::Unbounded
        } else {
            Holds::Items(self.max)
        }
    }
}
