//! Many tracked items as one.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Receipt, Settle, Tracked};

/// Makes one item of many: what becomes of it becomes of all of them.
///
/// As in `flow.chunks().max(100).map(Tracked::from_iter)`.
impl<T> FromIterator<Tracked<T>> for Tracked<Vec<T>> {
    fn from_iter<I: IntoIterator<Item = Tracked<T>>>(items: I) -> Self {
        let (items, receipts) = items.into_iter().map(Tracked::split).unzip();
        let receipts = Receipts(Mutex::new(receipts));
        Tracked::new(items, 0, Arc::new(receipts))
    }
}

/// The source of a batch: its number is of no matter, as there is one only.
struct Receipts(Mutex<Vec<Receipt>>);

impl Settle for Receipts {
    fn settle(&self, _number: u64, done: bool) {
        // Taken out first: the sources behind hear of it without a lock.
        let mut receipts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let receipts = std::mem::take(&mut *receipts);
        if done {
            receipts.into_iter().for_each(Receipt::ack);
        }
    }
}
