//! The cue for an item that waits: when an operator that keeps the newest item hands it on.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, StageMut};
use tokio::time::Instant;

use crate::timer::{Timer, later};

/// What an operator waits for before it hands on the item that it keeps.
///
/// A poll is one instant: [`look`](Self::look) comes first in it, then the items, then [`poll`](Self::poll). `B` is
/// what the operator keeps beside its source for as long as that can have items: what makes notifiers, or nothing.
pub(crate) trait Cue<T, E, B = ()> {
    /// The part of a budget that the source may have, so that the cue gets along as well.
    fn share(budget: u32) -> u32 {
        budget
    }

    /// Reads the clock, if it goes by one; tells whether the cue was due before now, so that what comes now came after
    /// it.
    fn look(self: Pin<&mut Self>) -> bool {
        false
    }

    /// Begins to wait, in place of what there was.
    fn begin(self: Pin<&mut Self>, begins: &mut B, item: &T);

    /// Tells how things stand. A cue that is due stays so until its [`end`](Self::end).
    ///
    /// A clock has the task woken only if somebody waits for it.
    fn poll(self: Pin<&mut Self>, cx: &mut Cx<'_, '_>, awaited: bool) -> Result<Progress, E>;

    /// Takes note that the cue was heard.
    fn end(self: Pin<&mut Self>);

    /// Drops what is not needed any more after the end of the flow.
    fn clear(self: Pin<&mut Self>);

    /// Adds the inputs to the description of the operator.
    fn describe<'p>(&self, stage: StageMut<'p>) -> StageMut<'p> {
        stage
    }
}

/// How things stand with a [`Cue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is nothing to do before a wake.
    Idle,
    /// There is nothing yet, but the budget or a share of it is spent: it is to be polled again.
    Busy,
    /// Now.
    Due,
    /// It will not come: the notifier has completed without an item.
    Missed,
}

/// Some time after an item. To begin again puts it off, up to `most` after the first beginning.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    time: Duration,
    pub(crate) most: Option<Duration>,
    /// The instant of this poll, once something was to be told by it: a poll without an item or a deadline reads no
    /// clock.
    now: Option<Instant>,
    /// An item came at `now`: a mark, because there may be many.
    begun: bool,
    due: Option<Instant>,
    latest: Option<Instant>,
    timer: Timer,
}

impl Clock {
    pub(crate) fn new(time: Duration) -> Self {
        Self {
            time,
            most: None,
            now: None,
            begun: false,
            due: None,
            latest: None,
            timer: Timer::new(),
        }
    }

    fn now(&mut self) -> Instant {
        *self.now.get_or_insert_with(Instant::now)
    }

    /// Tells when it is due, with what has begun since it was last asked.
    fn due(&mut self) -> Option<Instant> {
        if std::mem::take(&mut self.begun) {
            let now = self.now();
            let mut due = later(now, self.time);
            if let Some(most) = self.most {
                due = due.min(*self.latest.get_or_insert_with(|| later(now, most)));
            }
            self.due = Some(due);
        }
        self.due
    }
}

impl<T, E, B> Cue<T, E, B> for Clock {
    fn look(mut self: Pin<&mut Self>) -> bool {
        let due = self.due();
        self.now = None;
        due.is_some_and(|due| due < self.now())
    }

    #[inline]
    fn begin(mut self: Pin<&mut Self>, _: &mut B, _: &T) {
        if !self.begun {
            self.now();
            self.begun = true;
        }
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Cx<'_, '_>, awaited: bool) -> Result<Progress, E> {
        let this = &mut *self;
        Ok(match this.due() {
            Some(due) if awaited => {
                let now = this.now();
                wait_until(&mut this.timer, cx, now, due)
            }
            _ => Progress::Idle,
        })
    }

    fn end(mut self: Pin<&mut Self>) {
        (self.begun, self.due, self.latest) = (false, None, None);
    }

    fn clear(self: Pin<&mut Self>) {}
}

fn wait_until(timer: &mut Timer, cx: &mut Cx<'_, '_>, now: Instant, due: Instant) -> Progress {
    timer.set(due);
    if timer.poll(cx.task(), now) {
        Progress::Due
    } else {
        Progress::Idle
    }
}

/// Every so often, counted from the first poll. What was missed is skipped.
#[derive(Clone, Debug)]
pub(crate) struct Metronome {
    period: Duration,
    now: Instant,
    next: Option<Instant>,
    timer: Timer,
}

impl Metronome {
    pub(crate) fn new(period: Duration) -> Self {
        Self {
            period,
            now: Instant::now(),
            next: None,
            timer: Timer::new(),
        }
    }
}

impl<T, E, B> Cue<T, E, B> for Metronome {
    fn look(mut self: Pin<&mut Self>) -> bool {
        let now = Instant::now();
        self.now = now;
        let first = later(now, self.period);
        *self.next.get_or_insert(first) < now
    }

    #[inline]
    fn begin(self: Pin<&mut Self>, _: &mut B, _: &T) {}

    fn poll(mut self: Pin<&mut Self>, cx: &mut Cx<'_, '_>, awaited: bool) -> Result<Progress, E> {
        let this = &mut *self;
        Ok(match this.next {
            Some(next) if awaited => wait_until(&mut this.timer, cx, this.now, next),
            _ => Progress::Idle,
        })
    }

    fn end(mut self: Pin<&mut Self>) {
        let Some(next) = self.next else {
            return;
        };
        // How far the clock is in the period that runs now.
        let late = self.now.saturating_duration_since(next).as_nanos();
        let into = late.checked_rem(self.period.as_nanos()).unwrap_or(0);
        let into = Duration::from_nanos(u64::try_from(into).unwrap_or(u64::MAX));
        let last = self.now.max(next).checked_sub(into).unwrap_or(next);
        self.next = Some(later(last, self.period));
    }

    fn clear(self: Pin<&mut Self>) {}
}

pin_project! {
    /// The first item of a notifier that is made of an item.
    ///
    /// Of several items in one poll each makes a notifier, but only that of the last is ever polled. On a graceful stop
    /// a notifier that completes is due, so that what waits for it drains.
    #[derive(Clone)]
    pub(crate) struct Notifier<N> {
        #[pin]
        notifier: Option<N>,
        outcome: Option<Progress>,
    }
}

impl<N> Notifier<N> {
    pub(crate) fn new() -> Self {
        Self {
            notifier: None,
            outcome: None,
        }
    }
}

impl<T, N, F> Cue<T, N::Error, F> for Notifier<N>
where
    N: Observable,
    F: FnMut(&T) -> N,
{
    fn share(budget: u32) -> u32 {
        budget.div_ceil(2)
    }

    #[inline]
    fn begin(self: Pin<&mut Self>, make: &mut F, item: &T) {
        let mut this = self.project();
        // The old one goes before the new one is made.
        this.notifier.set(None);
        this.notifier.set(Some(make(item)));
        *this.outcome = None;
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Cx<'_, '_>, _: bool) -> Result<Progress, N::Error> {
        let mut this = self.project();
        if let Some(notifier) = this.notifier.as_mut().as_pin_mut() {
            let outcome = match notifier.poll_drain(cx, |_| ControlFlow::Break(())) {
                Poll::Pending => return Ok(Progress::Idle),
                Poll::Ready(Ok(Drained::Exhausted)) => return Ok(Progress::Busy),
                Poll::Ready(Ok(Drained::Completed)) if !cx.stopping() => Ok(Progress::Missed),
                Poll::Ready(Ok(_)) => Ok(Progress::Due),
                Poll::Ready(Err(error)) => Err(error),
            };
            this.notifier.set(None);
            *this.outcome = Some(outcome?);
        }
        Ok(this.outcome.unwrap_or(Progress::Idle))
    }

    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.notifier.set(None);
        *this.outcome = None;
    }

    fn clear(self: Pin<&mut Self>) {
        self.project().notifier.set(None);
    }
}

pin_project! {
    /// Every item of one notifier that is there from the beginning. After its end there is none any more.
    #[derive(Clone)]
    pub(crate) struct Notifications<N> {
        #[pin]
        notifier: Option<N>,
    }
}

impl<N> Notifications<N> {
    pub(crate) fn new(notifier: N) -> Self {
        Self {
            notifier: Some(notifier),
        }
    }
}

impl<T, N: Observable, B> Cue<T, N::Error, B> for Notifications<N> {
    fn share(budget: u32) -> u32 {
        budget.div_ceil(2)
    }

    #[inline]
    fn begin(self: Pin<&mut Self>, _: &mut B, _: &T) {}

    fn poll(self: Pin<&mut Self>, cx: &mut Cx<'_, '_>, _: bool) -> Result<Progress, N::Error> {
        let mut slot = self.project().notifier;
        let Some(notifier) = slot.as_mut().as_pin_mut() else {
            return Ok(Progress::Idle);
        };
        match notifier.poll_drain(cx, |_| ControlFlow::Break(())) {
            Poll::Pending => Ok(Progress::Idle),
            Poll::Ready(Ok(Drained::Exhausted)) => Ok(Progress::Busy),
            Poll::Ready(Ok(Drained::Stopped)) => Ok(Progress::Due),
            Poll::Ready(Ok(Drained::Completed)) => {
                slot.set(None);
                Ok(Progress::Idle)
            }
            Poll::Ready(Err(error)) => {
                slot.set(None);
                Err(error)
            }
        }
    }

    fn end(self: Pin<&mut Self>) {}

    fn clear(self: Pin<&mut Self>) {
        self.project().notifier.set(None);
    }

    fn describe<'p>(&self, stage: StageMut<'p>) -> StageMut<'p> {
        stage.inputs(&self.notifier)
    }
}

/// As soon as the source has no more for now.
#[derive(Clone, Debug)]
pub(crate) struct Dry;

impl<T, E, B> Cue<T, E, B> for Dry {
    #[inline]
    fn begin(self: Pin<&mut Self>, _: &mut B, _: &T) {}

    fn poll(self: Pin<&mut Self>, _: &mut Cx<'_, '_>, awaited: bool) -> Result<Progress, E> {
        Ok(if awaited {
            Progress::Due
        } else {
            Progress::Idle
        })
    }

    fn end(self: Pin<&mut Self>) {}

    fn clear(self: Pin<&mut Self>) {}
}
