//! The request for a graceful end, from a handle to the task that runs the flow.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

/// A flag that is set once, and wakes the task that watches it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    watcher: Mutex<Option<Waker>>,
}

impl Stop {
    pub(crate) fn request(&self) {
        self.shared.requested.store(true, Ordering::SeqCst);
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

    /// Tells whether a stop was asked for, and has the task woken when it is.
    pub(crate) fn watch(&self, waker: &Waker) -> bool {
        if self.shared.requested.load(Ordering::Relaxed) {
            return true;
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
        self.shared.requested.load(Ordering::SeqCst)
    }
}
