//! What asks the program to come to its end: Ctrl-C, and where there is one the signal to terminate.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, CtrlClose, ctrl_c, ctrl_close};

/// The signals, listened to from the moment it is made.
#[derive(Debug)]
pub(crate) struct Interrupts {
    #[cfg(unix)]
    sources: [Signal; 2],
    #[cfg(windows)]
    sources: (CtrlC, CtrlClose),
}

impl Interrupts {
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            sources: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            ],
        })
    }

    #[cfg(windows)]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            sources: (ctrl_c()?, ctrl_close()?),
        })
    }

    /// Waits for the next of them. Dropping the future loses none.
    pub(crate) async fn recv(&mut self) {
        #[cfg(unix)]
        let [first, second] = &mut self.sources;
        #[cfg(windows)]
        let (first, second) = &mut self.sources;
        tokio::select! {
            _ = first.recv() => {}
            _ = second.recv() => {}
        }
    }
}
