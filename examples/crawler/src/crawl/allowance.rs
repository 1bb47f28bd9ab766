//! How many pages may still be fetched.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio_util::sync::CancellationToken;

/// A number of pages that is handed out one by one and never exceeded.
#[derive(Debug)]
pub(super) struct Allowance {
    left: AtomicU64,
    spent: CancellationToken,
}

impl Allowance {
    pub(super) fn new(pages: u64) -> Self {
        let allowance = Self {
            left: AtomicU64::new(pages),
            spent: CancellationToken::new(),
        };
        if pages == 0 {
            allowance.spent.cancel();
        }
        allowance
    }

    /// Takes one page off; `false` if none is left.
    pub(super) fn take(&self) -> bool {
        let taken = self
            .left
            .try_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        if taken == Ok(1) {
            self.spent.cancel();
        }
        taken.is_ok()
    }

    /// Tells whether the last page has been taken.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.is_cancelled()
    }

    /// Waits until the last page has been taken; it may still be under way.
    pub(super) async fn spent(&self) {
        self.spent.cancelled().await;
    }
}
