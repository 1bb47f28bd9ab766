//! Blocking work on another thread, to which what it works on goes and from which it comes back.

use std::{
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::task::{JoinHandle, spawn_blocking};

/// Something that is here, or away at work on a thread for blocking calls.
///
/// Dropping it while it is away lets the call that runs come to its end; what it works on is dropped there.
pub(super) struct Trip<W> {
    here: Option<W>,
    away: Option<JoinHandle<W>>,
}

impl<W: Send + 'static> Trip<W> {
    pub(super) fn new(worker: W) -> Self {
        Self {
            here: Some(worker),
            away: None,
        }
    }

    /// Begins to work; nothing happens if it is away already.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub(super) fn begin(&mut self, work: impl FnOnce(&mut W) + Send + 'static) {
        if let Some(mut worker) = self.here.take() {
            self.away = Some(spawn_blocking(move || {
                work(&mut worker);
                worker
            }));
        }
    }

    /// Waits until it is here. A panic of the work goes on here; a runtime that shuts down never gives it back.
    pub(super) fn poll_here(&mut self, task: &mut Context<'_>) -> Poll<&mut W> {
        if let Some(away) = &mut self.away {
            let joined = ready!(Pin::new(away).poll(task));
            self.away = None;
            match joined {
                Ok(worker) => self.here = Some(worker),
                Err(error) => {
                    if let Ok(payload) = error.try_into_panic() {
                        resume_unwind(payload);
                    }
                }
            }
        }
        match &mut self.here {
            Some(worker) => Poll::Ready(worker),
            None => Poll::Pending,
        }
    }
}
