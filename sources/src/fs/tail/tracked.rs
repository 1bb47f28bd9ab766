//! `tail` with lines that are acknowledged, and positions that are saved.

use std::{
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use thalweg_core::{Cx, Drained, Observable, Plan, Tracked};

use super::{
    error::TailError,
    event::Event,
    ledger::{Failed, Ledger},
    line::Line,
    source::TailSource,
    store::PositionStore,
    work::Keeping,
};

/// Lines that may be out and not acknowledged, unless it is told otherwise.
const MAX_IN_FLIGHT: usize = 65_536;

/// How often positions are saved, unless it is told otherwise.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// The observable of [`Tail::tracked`](super::Tail::tracked). A clone goes on where lines were acknowledged last.
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct TrackedTail {
    source: TailSource,
    store: PositionStore,
    ledger: Arc<Ledger>,
    max_in_flight: usize,
    save_every: Duration,
}

impl TrackedTail {
    pub(super) fn new(source: TailSource, store: PositionStore) -> Self {
        Self {
            source,
            store,
            ledger: Arc::default(),
            max_in_flight: MAX_IN_FLIGHT,
            save_every: SAVE_EVERY,
        }
    }

    /// Waits when so many lines are out from the first that was not acknowledged, in place of 65,536.
    ///
    /// # Panics
    ///
    /// Panics if `lines` is 0.
    #[track_caller]
    pub fn max_in_flight(mut self, lines: usize) -> Self {
        assert!(lines > 0, "a tail with 0 lines in flight never emits one");
        self.max_in_flight = lines;
        self
    }

    /// Saves positions so often at most, in place of every second. Less often means that a restart repeats more lines.
    pub fn save_every(mut self, period: Duration) -> Self {
        self.save_every = period;
        self
    }
}

impl Observable for TrackedTail {
    type Item = Result<Tracked<Line>, TailError>;
    type Error = TailError;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, TailError>>
    where
        F: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let in_flight = match this.ledger.watch(cx.waker()) {
            Ok(in_flight) => in_flight,
            Err(Failed { stamp, position }) => {
                this.end();
                let path = stamp.path.to_path_buf();
                return Poll::Ready(Err(TailError::Unacknowledged { path, position }));
            }
        };
        let room = this.max_in_flight.saturating_sub(in_flight);
        let ledger = &this.ledger;
        let keep = || {
            Some(Keeping {
                store: this.store.clone(),
                ledger: Arc::clone(ledger),
                every: this.save_every,
                saved: None,
                complained: false,
            })
        };
        let quantum = u32::try_from(room).unwrap_or(u32::MAX);
        let drained = cx.limited(quantum, |cx| {
            this.source.poll_drain(cx, keep, |event| match event {
                Event::Line(line) => {
                    let number = ledger.issue(Arc::clone(&line.stamp), line.end);
                    emit(Ok(Tracked::new(line, number, Arc::clone(ledger) as _)))
                }
                Event::Trouble(error) => emit(Err(error)),
                Event::Mark(stamp, mark) => {
                    ledger.note(stamp, mark);
                    ControlFlow::Continue(())
                }
            })
        });
        let drained = ready!(drained);
        match drained {
            Ok(Drained::Completed) | Err(_) => this.end(),
            // The task is woken when there is room.
            Ok(Drained::Exhausted) if room == 0 => return Poll::Pending,
            Ok(_) => {}
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        self.source.describe(plan);
    }
}

impl TrackedTail {
    /// The lines that are out keep the ledger, and go on to be acknowledged in it.
    fn end(&mut self) {
        self.source.end();
        self.ledger = Arc::default();
    }
}

impl Clone for TrackedTail {
    fn clone(&self) -> Self {
        Self {
            source: self.source.clone(),
            store: self.store.clone(),
            ledger: Arc::default(),
            ..*self
        }
    }
}
