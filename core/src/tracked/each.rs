//! One tracked item as many.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Receipt, Settle, Tracked};

/// The iterator of [`Tracked::each`]. Dropping it before its end says that the item was not dealt with.
#[derive(Debug)]
#[must_use = "iterators do nothing unless they are consumed"]
pub struct Each<I> {
    items: I,
    /// Until the end.
    whole: Option<Arc<Whole>>,
}

impl<I> Each<I> {
    pub(super) fn new(items: I, receipt: Receipt) -> Self {
        let whole = Whole(Mutex::new(Some(receipt)));
        Self {
            items,
            whole: Some(Arc::new(whole)),
        }
    }
}

impl<I: Iterator> Iterator for Each<I> {
    type Item = Tracked<I::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let whole = self.whole.as_ref()?;
        let Some(item) = self.items.next() else {
            self.whole = None;
            return None;
        };
        let whole = Arc::clone(whole);
        Some(Tracked::new(item, 0, whole))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.whole {
            Some(_) => self.items.size_hint(),
            None => (0, Some(0)),
        }
    }
}

impl<I> Drop for Each<I> {
    fn drop(&mut self) {
        if let Some(whole) = &self.whole {
            whole.take();
        }
    }
}

/// The source of the parts, which hold it: it goes with the last.
struct Whole(Mutex<Option<Receipt>>);

impl Whole {
    fn take(&self) -> Option<Receipt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Settle for Whole {
    fn settle(&self, _number: u64, done: bool) {
        if !done {
            self.take();
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // No part has failed, and none is left.
        if let Some(receipt) = self.take() {
            receipt.ack();
        }
    }
}

impl fmt::Debug for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whole").finish_non_exhaustive()
    }
}
