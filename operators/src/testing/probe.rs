//! A source that watches how it is treated.

use std::{
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
};

use fastrand::Rng;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

use crate::Flow;

use super::Broken;

/// What a [`Probe`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Emits the numbers below a limit as fast as it may, then completes.
    Items(u32),
    /// The same, but says `Pending`, and wakes at once, before every item.
    Stuttering(u32),
    /// The same, but says `Exhausted` before every item, as one with only a share of the budget does.
    Yielding(u32),
    /// Emits the numbers below a limit, then fails.
    Failing(u32),
    /// Always has another number.
    Endless,
    /// Emits the numbers below a limit, then nothing ever again.
    Idle(u32),
    /// Emits the numbers below a limit, but says `Pending` or `Exhausted` now and then; the second number seeds when.
    Restless(u32, u64),
}

/// Makes a source that plays `script`, and the log of how it is treated.
#[track_caller]
pub fn probe(script: Script) -> (Flow<Probe>, Arc<ProbeLog>) {
    let log = Arc::new(ProbeLog::default());
    let probe = Probe {
        script,
        next: 0,
        ended: false,
        stuttered: false,
        rng: Rng::with_seed(if let Script::Restless(_, seed) = script {
            seed
        } else {
            0
        }),
        guard: Guard {
            log: Arc::clone(&log),
        },
        id: StageId::here("probe"),
    };
    (Flow::new(probe), log)
}

/// What a [`Probe`] noticed.
#[derive(Debug, Default)]
pub struct ProbeLog {
    polls: AtomicU64,
    polls_after_end: AtomicU64,
    produced: AtomicU64,
    saw_stop: AtomicBool,
    copies: AtomicU64,
    dropped: AtomicU64,
}

impl ProbeLog {
    /// Counts the polls.
    pub fn polls(&self) -> u64 {
        self.polls.load(SeqCst)
    }

    /// Counts the polls after the end, which no operator may make.
    pub fn polls_after_end(&self) -> u64 {
        self.polls_after_end.load(SeqCst)
    }

    /// Counts the items that were handed on.
    pub fn produced(&self) -> u64 {
        self.produced.load(SeqCst)
    }

    /// Tells whether the stop flag reached the source.
    pub fn saw_stop(&self) -> bool {
        self.saw_stop.load(SeqCst)
    }

    /// Tells whether the source and all its clones are dropped.
    pub fn is_dropped(&self) -> bool {
        self.dropped.load(SeqCst) == self.copies.load(SeqCst) + 1
    }
}

#[derive(Debug)]
struct Guard {
    log: Arc<ProbeLog>,
}

impl Clone for Guard {
    fn clone(&self) -> Self {
        self.log.copies.fetch_add(1, SeqCst);
        Self {
            log: Arc::clone(&self.log),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.log.dropped.fetch_add(1, SeqCst);
    }
}

/// The observable of [`probe`].
#[derive(Clone, Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Probe {
    script: Script,
    next: u32,
    ended: bool,
    stuttered: bool,
    rng: Rng,
    guard: Guard,
    id: StageId,
}

impl Observable for Probe {
    type Item = u32;
    type Error = Broken;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Broken>>
    where
        F: FnMut(u32) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let log = &this.guard.log;
        log.polls.fetch_add(1, SeqCst);
        if this.ended {
            log.polls_after_end.fetch_add(1, SeqCst);
            return Poll::Ready(Ok(Drained::Completed));
        }
        if cx.stopping() {
            log.saw_stop.store(true, SeqCst);
            this.ended = true;
            return Poll::Ready(Ok(Drained::Completed));
        }
        let limit = match this.script {
            Script::Items(limit)
            | Script::Stuttering(limit)
            | Script::Yielding(limit)
            | Script::Failing(limit)
            | Script::Idle(limit)
            | Script::Restless(limit, _) => limit,
            Script::Endless => u32::MAX,
        };
        while this.next < limit {
            if !this.stuttered {
                let mood = match this.script {
                    Script::Stuttering(_) => 0,
                    Script::Yielding(_) => 1,
                    Script::Restless(..) => this.rng.u8(0..4),
                    _ => u8::MAX,
                };
                this.stuttered = mood < 2;
                if mood == 0 {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if mood == 1 {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
            }
            if !cx.spend() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            this.stuttered = false;
            this.next += 1;
            log.produced.fetch_add(1, SeqCst);
            if emit(this.next - 1).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        if matches!(this.script, Script::Idle(_)) {
            return Poll::Pending;
        }
        this.ended = true;
        if matches!(this.script, Script::Failing(_)) {
            return Poll::Ready(Err(Broken));
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}
