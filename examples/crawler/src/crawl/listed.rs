//! The sitemaps that a robots.txt has listed, on their way from who reads it to who follows links.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Sitemaps of a site that were listed and not taken yet.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Asked for with each page, so without the lock.
    is_any: AtomicBool,
    addresses: Mutex<Vec<String>>,
}

impl Listed {
    /// Lists the addresses of sitemaps, as they stand in a robots.txt.
    pub(super) fn list(&self, addresses: &[String]) {
        if !addresses.is_empty() {
            *self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = addresses.to_vec();
            self.is_any.store(true, Relaxed);
        }
    }

    /// Takes what was listed since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        if !self.is_any.swap(false, Relaxed) {
            return Vec::new();
        }
        std::mem::take(
            &mut *self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}
