//! The task of a run of a share.

use std::{
    future::poll_fn,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Weak,
    task::{Context, Poll, ready},
};

use thalweg_core::{
    Cx, Drained, Fault, Observable, Panicked,
    hub::{Audience, HubSender},
};
use tokio::time::Instant;

use crate::{
    Stage,
    boundary::{End, run_source},
    timer::{Timer, later},
};

use super::{
    connection::{Shared, outlived},
    options::{Options, Reset, Signal},
};

/// The task of a run: drains the source into the hub while somebody listens.
pub(super) struct Pump<O: Observable> {
    sender: HubSender<O::Item, Fault<O::Error>>,
    shared: Weak<Shared<O>>,
    number: u64,
    options: Options<O::Error>,
    timer: Timer,
    stopping: bool,
    /// The size of the last batch, which is likely that of the next.
    usual: usize,
}

impl<O: Observable> Pump<O> {
    pub(super) fn new(
        sender: HubSender<O::Item, Fault<O::Error>>,
        shared: Weak<Shared<O>>,
        number: u64,
        options: Options<O::Error>,
    ) -> Self {
        Self {
            sender,
            shared,
            number,
            options,
            timer: Timer::new(),
            stopping: false,
            usual: 0,
        }
    }

    pub(super) async fn run(mut self, source: Stage<O>) {
        let id = source.id();
        let Some(mut end) = run_source(source, |stage, task| self.poll(stage, task)).await else {
            return;
        };
        // Asked before the end is told: who subscribes again at once may start anew.
        let mut signal = None;
        let asked = poll_fn(|task| {
            let ask = AssertUnwindSafe(|| {
                signal = self.signal_after(&end);
                signal
                    .as_mut()
                    .map_or(Poll::Ready(false), |signal| signal.poll(task))
            });
            Poll::Ready(catch_unwind(ask))
        })
        .await;
        match asked {
            Ok(Poll::Ready(true)) => self.reset(),
            Ok(Poll::Ready(false)) => {}
            Ok(Poll::Pending) => {
                self.sender.end(end);
                if let Some(mut signal) = signal
                    && poll_fn(|task| signal.poll(task)).await
                {
                    self.reset();
                }
                return;
            }
            Err(payload) => end = Err(Fault::Panicked(Panicked::new(id, &*payload))),
        }
        self.sender.end(end);
    }

    /// What resets the run after its end.
    fn signal_after(&self, end: &Result<(), Fault<O::Error>>) -> Option<Signal> {
        match end {
            Ok(()) => match &self.options.on_completion {
                Reset::When(notifier) => Some(notifier()),
                Reset::AtOnce | Reset::Never => None,
            },
            Err(fault) => match &self.options.on_error {
                Reset::When(notifier) => Some(notifier(fault)),
                Reset::AtOnce | Reset::Never => None,
            },
        }
    }

    fn reset(&self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.reset(self.number);
        }
    }

    /// Sends a batch; with a history that is forgotten by its age, says when.
    fn send(&mut self, batch: Vec<O::Item>) {
        let Some(ttl) = self.options.ttl else {
            self.sender.send_batch(batch);
            return;
        };
        let now = Instant::now();
        self.sender.send_batch_at(batch, now.into_std());
        if let Some(instant) = outlived(now, ttl) {
            self.sender.forget_until(instant);
        }
    }

    /// Ready with the end of the source, or with `None` once nobody listens.
    fn poll(
        &mut self,
        mut stage: Pin<&mut Stage<O>>,
        task: &mut Context<'_>,
    ) -> Poll<End<O::Error>> {
        let audience = self.sender.watch(task);
        // Asked once, a source comes to its end, also if a new subscriber has come by then.
        self.stopping |= audience.stopping;
        if self.is_abandoned(audience, task) {
            return Poll::Ready(None);
        }
        let half = self.options.capacity.div_ceil(2);
        let mut budget = Cx::DEFAULT_BUDGET;
        loop {
            let room = match self.sender.poll_room(task) {
                // Half of it at a time, so that both sides can work.
                Poll::Ready(room) => room.min(half),
                Poll::Pending => 0,
            };
            let full = room == 0;
            let mut cx = Cx::new(task).with_stop(self.stopping).with_budget(budget);
            if full {
                if !stage.owes_stop(&cx) {
                    return Poll::Pending;
                }
                cx = cx.with_budget(0);
            }
            let mut batch = Vec::with_capacity(self.usual.min(room));
            let drained = stage.as_mut().drain(&mut cx, |(), item| {
                batch.push(item);
                if batch.len() < room {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            if !full {
                budget = cx.budget();
                self.usual = batch.len();
            }
            // Without room that is at most the one item that an operator hands on because of the stop.
            self.send(batch);
            match ready!(drained) {
                Ok(Drained::Stopped) => {}
                Ok(Drained::Exhausted) if full => {}
                Ok(Drained::Exhausted) => {
                    task.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Drained::Completed) => return Poll::Ready(Some(Ok(()))),
                Err(error) => return Poll::Ready(Some(Err(Fault::Upstream(error)))),
            }
        }
    }

    /// Whether nobody has listened for the time of grace; without one the last that leaves sees to it.
    fn is_abandoned(&mut self, audience: Audience, task: &mut Context<'_>) -> bool {
        if audience.subscribers > 0 {
            self.timer.clear();
            return false;
        }
        match self.options.on_zero {
            Reset::AtOnce => {}
            Reset::Never => return false,
            Reset::When(_) => {
                let shared = self.shared.upgrade();
                return shared.is_none_or(|shared| shared.poll_signal(self.number, task));
            }
        }
        let now = Instant::now();
        if !self.timer.is_set() {
            self.timer.set(later(now, self.options.grace));
        }
        let over = self.timer.poll(task, now);
        over && self
            .shared
            .upgrade()
            .is_none_or(|shared| shared.reset_if_abandoned(self.number))
    }
}
