//! The request for an end, graceful at first, from a handle to the task that runs the flow.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::Waker,
};

/// How far a flow is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    /// As far as it goes by itself.
    Running,
    /// Sources complete, what is in flight drains.
    Stopping,
    /// No further: what is in flight is dropped.
    Cut,
}

impl Phase {
    const ALL: [Self; 3] = [Self::Running, Self::Stopping, Self::Cut];
}

/// A phase that only goes on, and wakes the task that watches it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    phase: AtomicU8,
    watcher: Mutex<Option<Waker>>,
}

impl Stop {
    /// Asks for a phase; one that has come already is not left again.
    pub(crate) fn request(&self, phase: Phase) {
        self.shared.phase.fetch_max(phase as u8, Ordering::SeqCst);
        let watcher = self
            .shared
            .watcher
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(watcher) = watcher {
            watcher.wake();
        }
    }

    /// Tells the phase, and has the task woken when the next is asked for.
    pub(crate) fn watch(&self, waker: &Waker) -> Phase {
        let phase = self.phase(Ordering::Relaxed);
        if phase == Phase::Cut {
            return phase;
        }
        let mut watcher = self
            .shared
            .watcher
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &mut *watcher {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        drop(watcher);
        // Asked for between the look and the registration: the request saw no watcher.
        self.phase(Ordering::SeqCst)
    }

    fn phase(&self, ordering: Ordering) -> Phase {
        Phase::ALL[usize::from(self.shared.phase.load(ordering))]
    }
}
