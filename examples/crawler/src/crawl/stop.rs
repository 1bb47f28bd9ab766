//! The request to come to an end, as the requests that are running see it.

use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// Two flags that are raised one after the other. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop {
    asked: CancellationToken,
    cut: CancellationToken,
}

impl Stop {
    /// Asks for an end: nothing is tried again.
    pub(super) fn ask(&self) {
        self.asked.cancel();
    }

    /// Cuts off what is still running.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    pub(super) fn was_cut(&self) -> bool {
        self.cut.is_cancelled()
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Runs `work` unless an end was asked for or is asked for meanwhile.
    pub(super) async fn unless_asked<F: Future>(&self, work: F) -> Option<F::Output> {
        self.asked.run_until_cancelled(work).await
    }

    /// Waits until what is still running has to be cut off.
    pub(super) fn is_cut(&self) -> WaitForCancellationFuture<'_> {
        self.cut.cancelled()
    }
}
