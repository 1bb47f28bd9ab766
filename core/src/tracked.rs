//! An item that tells its source whether it was dealt with.

use std::{fmt, ops::Deref, sync::Arc};

/// What a source hears of the items that it has handed out as [`Tracked`].
pub trait Settle: Send + Sync {
    /// The item of that number was dealt with (`true`), or dropped without a word (`false`). Called once for each.
    ///
    /// Called where the item is dropped, so it must not block for long.
    fn settle(&self, number: u64, done: bool);
}

/// An item, and the duty to tell its source when it was dealt with.
///
/// [`ack`](Self::ack) says that it was; dropping it says that it was not, so that a panic, an error or a cancelled task
/// never passes for success. A source with a position that is saved goes on from the first item that was not
/// acknowledged: every item is dealt with at least once.
///
/// Operators carry it as any other item. [`map`](Self::map), [`filter`](Self::filter) and [`split`](Self::split) change
/// what is in it; to write it somewhere put the sink into [`Acknowledge`](crate::Acknowledge).
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use thalweg::{Settle, Tracked};
///
/// #[derive(Default)]
/// struct Log(Mutex<Vec<(u64, bool)>>);
///
/// impl Settle for Log {
///     fn settle(&self, number: u64, done: bool) {
///         self.0.lock().unwrap().push((number, done));
///     }
/// }
///
/// let log = Arc::new(Log::default());
/// let item = Tracked::new("12", 7, log.clone()).map(str::len);
/// assert_eq!(*item, 2);
/// item.ack();
/// drop(Tracked::new("13", 8, log.clone()));
/// assert_eq!(*log.0.lock().unwrap(), [(7, true), (8, false)]);
/// ```
#[doc(alias = "acknowledge")]
#[doc(alias = "at_least_once")]
#[must_use = "an item that is dropped counts as failed; see `ack`"]
pub struct Tracked<T> {
    item: T,
    receipt: Receipt,
}

impl<T> Tracked<T> {
    /// Hands out an item under a number of the source's own.
    pub fn new(item: T, number: u64, source: Arc<dyn Settle>) -> Self {
        let receipt = Receipt {
            source: Some((number, source)),
        };
        Self { item, receipt }
    }

    /// Tells the source that the item was dealt with, and gives it.
    pub fn ack(self) -> T {
        self.receipt.ack();
        self.item
    }

    /// Makes another item of it, with the same duty.
    pub fn map<U>(self, project: impl FnOnce(T) -> U) -> Tracked<U> {
        Tracked {
            item: project(self.item),
            receipt: self.receipt,
        }
    }

    /// Keeps it if `predicate` holds; if not it counts as dealt with.
    ///
    /// As in `flow.filter_map(|line| line.filter(|line| !line.is_empty()))`.
    pub fn filter(self, predicate: impl FnOnce(&T) -> bool) -> Option<Self> {
        if predicate(&self.item) {
            return Some(self);
        }
        self.ack();
        None
    }

    /// Gives the item and the duty apart.
    pub fn split(self) -> (T, Receipt) {
        (self.item, self.receipt)
    }
}

impl<T> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T: fmt::Debug> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tracked").field(&self.item).finish()
    }
}

/// The duty of a [`Tracked`] item, without the item. Dropping it says that the item was not dealt with.
#[must_use = "a receipt that is dropped counts as failed; see `ack`"]
pub struct Receipt {
    /// Until it is settled.
    source: Option<(u64, Arc<dyn Settle>)>,
}

impl Receipt {
    /// Tells the source that the item was dealt with.
    pub fn ack(mut self) {
        if let Some((number, source)) = self.source.take() {
            source.settle(number, true);
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some((number, source)) = self.source.take() {
            source.settle(number, false);
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.source.as_ref().map(|(number, _)| number);
        f.debug_struct("Receipt")
            .field("number", &number)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::{Arc, Mutex},
    };

    use super::{Settle, Tracked};

    #[derive(Default)]
    struct Log(Mutex<Vec<(u64, bool)>>);

    impl Settle for Log {
        fn settle(&self, number: u64, done: bool) {
            self.0.lock().unwrap().push((number, done));
        }
    }

    #[test]
    fn every_item_is_settled_once_and_only_an_ack_is_success() {
        let log = Arc::new(Log::default());
        let tracked = |number| Tracked::new(number, number, log.clone());
        assert_eq!(tracked(0).map(|n| n + 1).ack(), 1);
        assert!(tracked(1).filter(|n| *n > 1).is_none());
        drop(tracked(2).filter(|n| *n > 1));
        let (_, receipt) = tracked(3).split();
        receipt.ack();
        drop(tracked(4).split());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            tracked(5).map(|_| panic!("in the middle"))
        }));
        assert!(panicked.is_err());
        assert_eq!(
            *log.0.lock().unwrap(),
            [
                (0, true),
                (1, true),
                (2, false),
                (3, true),
                (4, false),
                (5, false)
            ]
        );
    }
}
