//! A state that only blocking work changes.

use std::io;

use tokio::{
    sync::oneshot,
    task::{JoinHandle, spawn_blocking},
};

/// A state that blocking work is done on, in a thread for such work.
///
/// Work that is not waited for any more goes on to its end; the next waits for it.
pub(crate) struct Blocking<S> {
    idle: Option<S>,
    busy: Option<JoinHandle<S>>,
}

impl<S: Send + 'static> Blocking<S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            idle: Some(state),
            busy: None,
        }
    }

    /// Gives the state, unless work is under way.
    pub(crate) fn idle(&mut self) -> Option<&mut S> {
        self.idle.as_mut()
    }

    /// Does `work` in a thread for such work, after what is under way.
    pub(crate) async fn run<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut S) -> io::Result<R> + Send + 'static,
    ) -> io::Result<R> {
        self.settle().await?;
        let Some(mut state) = self.idle.take() else {
            return Err(gone());
        };
        let (sender, mut result) = oneshot::channel();
        self.busy = Some(spawn_blocking(move || {
            // Nobody waits for it if the future was dropped.
            let _ = sender.send(work(&mut state));
            state
        }));
        self.settle().await?;
        result.try_recv().unwrap_or_else(|_| Err(gone()))
    }

    async fn settle(&mut self) -> io::Result<()> {
        if let Some(busy) = &mut self.busy {
            let state = busy.await;
            self.busy = None;
            self.idle = Some(state.map_err(|_| gone())?);
        }
        Ok(())
    }
}

/// The runtime shuts down, or the work panicked.
fn gone() -> io::Error {
    io::Error::other("the thread that was to do it is gone")
}
