//! An item that tells its source whether it was dealt with.

mod batch;
mod each;

use std::{fmt, ops::Deref, sync::Arc};

pub use each::Each;

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
/// Operators carry it as any other item, and what is in it is changed in their closures:
///
/// | of the flow | with | what becomes of the duty |
/// |---|---|---|
/// | `map` | [`map`](Self::map) | goes on to the new item |
/// | `map_async`, `par_map` | [`map_async`](Self::map_async) | goes on when the future is ready; one that is dropped has failed |
/// | `filter_map` | [`filter`](Self::filter), or `map` to an `Option` and [`transpose`](Tracked::transpose) | what is left out counts as dealt with |
/// | `map` | `map` to a `Result` and [`transpose`](Tracked::transpose) | stays with the item or the error: whoever gets the error acknowledges it, or it has failed |
/// | `chunks` | `Tracked::from_iter` on each chunk | one for all of them |
/// | `flat_map_iter` | [`each`](Self::each) | is done when every part is, and has failed if one has |
///
/// An operator that drops items by itself, a throttle or a buffer that overflows, fails them. To write them somewhere, put
/// the sink into [`Acknowledge`](crate::Acknowledge).
///
/// # Examples
///
/// Lines of a file that grows, by the hundred into another; those that are on the disk do not come again:
///
/// ```no_run
/// use std::time::Duration;
/// use thalweg::{Acknowledge, Tracked, prelude::*, sinks, sources::{PositionStore, Tail}};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PositionStore::new("app.positions");
/// let lines = Tail::new("app.log").tracked(&store).flow().raise();
/// let sums = lines
///     .map(|line| line.map(|line| line.to_text_lossy().into_owned()))
///     .filter_map(|line| line.filter(|line| !line.starts_with('#')))
///     // What is no number is told, and dealt with by that.
///     .map(|line| line.map(|line| line.parse::<u64>()).transpose())
///     .ok_items(|error| eprintln!("{}", error.ack()))
///     .chunks()
///     .max(100)
///     .within(Duration::from_secs(1))
///     .map(Tracked::from_iter)
///     .map(|numbers| numbers.map(|numbers| numbers.iter().sum::<u64>()));
/// sums.run_into(Acknowledge::new(sinks::lines("sums.txt").append())).await?;
/// store.save().await?;
/// # Ok(()) }
/// ```
///
/// A source of one's own:
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

    /// Makes another item of it in a while, with the same duty.
    ///
    /// As in `flow.par_map(8, |line| line.map_async(look_up))`. If the future is dropped before it is ready, or panics, the
    /// item counts as failed.
    pub async fn map_async<F: Future>(self, project: impl FnOnce(T) -> F) -> Tracked<F::Output> {
        let Self { item, receipt } = self;
        let item = project(item).await;
        Tracked { item, receipt }
    }

    /// Makes an item of each part: it is dealt with when all of them are, and has failed if one has.
    ///
    /// As in `flow.flat_map_iter(|line| line.map(words).each())`. If there are no parts, it counts as dealt with at the end
    /// of the iterator.
    pub fn each(self) -> Each<T::IntoIter>
    where
        T: IntoIterator,
    {
        Each::new(self.item.into_iter(), self.receipt)
    }

    /// Gives the item and the duty apart.
    pub fn split(self) -> (T, Receipt) {
        (self.item, self.receipt)
    }
}

impl<T> Tracked<Option<T>> {
    /// Keeps it if there is something in it; if not it counts as dealt with.
    ///
    /// As in `flow.filter_map(|line| line.map(parse).transpose())`.
    pub fn transpose(self) -> Option<Tracked<T>> {
        let Self { item, receipt } = self;
        if let Some(item) = item {
            return Some(Tracked { item, receipt });
        }
        receipt.ack();
        None
    }
}

impl<T, E> Tracked<Result<T, E>> {
    /// Puts the duty into the item or the error, whichever it is.
    ///
    /// As in `flow.map(|line| line.map(parse).transpose())`, after which `raise`, `ok_items` and `dead_letter` deal with the
    /// errors. One that is dropped counts as failed; one that is to count as dealt with is [acknowledged](Self::ack).
    ///
    /// # Errors
    ///
    /// The error that is in it.
    pub fn transpose(self) -> Result<Tracked<T>, Tracked<E>> {
        let Self { item, receipt } = self;
        match item {
            Ok(item) => Ok(Tracked { item, receipt }),
            Err(item) => Err(Tracked { item, receipt }),
        }
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

    #[test]
    fn what_is_left_out_is_done_and_an_error_is_for_whoever_gets_it() {
        let log = Arc::new(Log::default());
        let tracked = |number| Tracked::new(number, number, log.clone());
        let even = |n: u64| n.is_multiple_of(2).then_some(n);
        assert!(tracked(1).map(even).transpose().is_none());
        drop(tracked(2).map(even).transpose());
        let parsed = |number| tracked(number).map(|n| even(n).ok_or("odd")).transpose();
        assert_eq!(parsed(3).map(Tracked::ack).unwrap_err().ack(), "odd");
        drop(parsed(5));
        assert_eq!(
            *log.0.lock().unwrap(),
            [(1, true), (2, false), (3, true), (5, false)]
        );
    }

    #[test]
    fn a_batch_is_done_or_fails_as_a_whole() {
        let log = Arc::new(Log::default());
        let tracked = |number| Tracked::new(number, number, log.clone());
        let batch = (0..3).map(tracked).collect::<Tracked<Vec<_>>>();
        assert!(log.0.lock().unwrap().is_empty());
        assert_eq!(batch.map(|items| items.len()).ack(), 3);
        drop((3..5).map(tracked).collect::<Tracked<Vec<_>>>());
        let batches = [vec![5], vec![6, 7]]
            .map(|items| items.into_iter().map(tracked).collect::<Tracked<Vec<_>>>());
        batches.into_iter().collect::<Tracked<Vec<_>>>().ack();
        let expected: Vec<_> = (0..8)
            .map(|number| (number, !(3..5).contains(&number)))
            .collect();
        assert_eq!(*log.0.lock().unwrap(), expected);
    }

    #[test]
    fn parts_are_done_together_and_one_that_fails_fails_all() {
        let log = Arc::new(Log::default());
        let tracked = |number| Tracked::new(0..3, number, log.clone());
        let settled = || std::mem::take(&mut *log.0.lock().unwrap());
        let parts: Vec<_> = tracked(0).each().collect();
        assert_eq!(
            parts.iter().map(|part| **part).collect::<Vec<_>>(),
            [0, 1, 2]
        );
        let mut parts = parts.into_iter();
        parts
            .by_ref()
            .take(2)
            .for_each(|part| assert!(part.ack() < 3));
        assert!(settled().is_empty());
        parts.for_each(|part| assert!(part.ack() < 3));
        assert_eq!(settled(), [(0, true)]);

        let mut parts = tracked(1).each();
        drop(parts.next());
        assert_eq!(settled(), [(1, false)], "at once");
        parts.for_each(|part| assert!(part.ack() < 3));
        assert!(settled().is_empty(), "and once");

        let mut unfinished = tracked(2).each();
        unfinished.next().map(Tracked::ack);
        drop(unfinished);
        assert_eq!(settled(), [(2, false)], "nobody has seen the others");
        Tracked::new([0; 0], 3, log.clone()).each().for_each(drop);
        assert_eq!(settled(), [(3, true)]);
    }
}
