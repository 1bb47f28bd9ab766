//! What asks a process to come to its end: Ctrl-C, and where there is one the signal to terminate.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, CtrlClose, ctrl_c, ctrl_close};

/// The signals, listened to from the moment it is made.
#[derive(Debug)]
pub struct Interrupts {
    #[cfg(unix)]
    sources: (Signal, Signal),
    #[cfg(windows)]
    sources: (CtrlC, CtrlClose),
}

impl Interrupts {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime with I/O.
    pub fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        let sources = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        #[cfg(windows)]
        let sources = (ctrl_c()?, ctrl_close()?);
        Ok(Self { sources })
    }

    /// Waits for the next of them. Dropping the future loses none.
    pub async fn recv(&mut self) {
        let (first, second) = &mut self.sources;
        std::future::poll_fn(|task| {
            if first.poll_recv(task).is_ready() || second.poll_recv(task).is_ready() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}
