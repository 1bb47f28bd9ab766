//! How many pages and bytes may still be fetched.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio_util::sync::CancellationToken;

/// A number of pages that is handed out one by one and never exceeded, and a number of bytes that ends the crawl once it
/// is.
#[derive(Debug)]
pub(super) struct Allowance {
    left: AtomicU64,
    bytes: AtomicU64,
    spent: CancellationToken,
}

impl Allowance {
    pub(super) fn new(pages: u64, bytes: Option<u64>) -> Self {
        let allowance = Self {
            left: AtomicU64::new(pages),
            bytes: AtomicU64::new(bytes.unwrap_or(u64::MAX)),
            spent: CancellationToken::new(),
        };
        if pages == 0 || bytes == Some(0) {
            allowance.end();
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

    /// Takes back a page that will be asked for again later; `false` if the last one has been taken, for then there is no
    /// later.
    pub(super) fn give_back(&self) -> bool {
        let given = self
            .left
            .try_update(Relaxed, Relaxed, |left| (left > 0).then(|| left + 1));
        given.is_ok()
    }

    /// Takes off the bytes of a body.
    pub(super) fn take_bytes(&self, count: usize) {
        let left = self
            .bytes
            .update(Relaxed, Relaxed, |left| left.saturating_sub(count as u64));
        if left <= count as u64 {
            self.end();
        }
    }

    /// Leaves nothing: the time is over.
    pub(super) fn end(&self) {
        self.left.store(0, Relaxed);
        self.spent.cancel();
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

#[cfg(test)]
mod tests {
    use super::Allowance;

    #[test]
    fn what_is_given_back_can_be_taken_unless_it_was_the_last() {
        let allowance = Allowance::new(2, None);
        assert!(allowance.take() && allowance.give_back());
        assert!(allowance.take() && allowance.take());
        assert!(allowance.is_spent() && !allowance.take());
        assert!(!allowance.give_back());
    }
}
