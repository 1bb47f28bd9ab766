//! `distinct_until_changed`: drops an item that is the same as the one before.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Drops an item that equals the one before.
    ///
    /// ```text
    /// in   --1--1--2--2--1--|
    ///        distinct_until_changed
    /// out  --1-----2-----1--|
    /// ```
    ///
    /// Clones the items that pass, to compare the next with.
    /// [`distinct_until_changed_by_key`](Self::distinct_until_changed_by_key) does without, and looks at a part only.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds a copy of the last item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let states = ["up", "up", "down", "down", "up"].flow().distinct_until_changed();
    /// assert_eq!(states.collect::<Vec<_>>().await, Ok(vec!["up", "down", "up"]));
    /// # }
    /// ```
    #[doc(alias = "dedup")]
    #[doc(alias = "drop_repeats")]
    #[track_caller]
    pub fn distinct_until_changed(self) -> Flow<DistinctUntilChanged<O, LastItem<O::Item>>>
    where
        O: Observable<Item: Clone + PartialEq>,
    {
        let last = LastItem { last: None };
        Flow::new(DistinctUntilChanged {
            stage: Stage::new("distinct_until_changed", self.into_inner(), last),
        })
    }

    /// Drops an item whose `key` equals that of the one before.
    ///
    /// ```text
    /// in   --a1--a2--b3--b4--|
    ///        distinct_until_changed_by_key(letter)
    /// out  --a1------b3------|
    /// ```
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds the last key and no item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let words = ["to", "the", "tide", "sea"].flow();
    /// let initials = words.distinct_until_changed_by_key(|word| word.chars().next());
    /// assert_eq!(initials.collect::<Vec<_>>().await, Ok(vec!["to", "sea"]));
    /// # }
    /// ```
    #[doc(alias = "distinct_until_key_changed")]
    #[doc(alias = "dedup_by_key")]
    #[track_caller]
    pub fn distinct_until_changed_by_key<K, F>(
        self,
        key: F,
    ) -> Flow<DistinctUntilChanged<O, LastKey<K, F>>>
    where
        F: FnMut(&O::Item) -> K,
        K: PartialEq,
    {
        let last = LastKey { last: None, key };
        Flow::new(DistinctUntilChanged {
            stage: Stage::new("distinct_until_changed_by_key", self.into_inner(), last),
        })
    }

    /// Drops an item that is the same as the one that last passed, by `is_same(last, item)`.
    ///
    /// ```text
    /// in   --10--11--12--13--|
    ///        distinct_until_changed_by(less than 2 apart)
    /// out  --10------12------|
    /// ```
    ///
    /// Clones the items that pass, to compare the next with.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds a copy of the item that last passed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let readings = [20.0, 20.1, 20.6, 20.4, 21.2].flow();
    /// let steps = readings.distinct_until_changed_by(|last: &f64, now| (last - now).abs() < 0.5);
    /// assert_eq!(steps.collect::<Vec<_>>().await, Ok(vec![20.0, 20.6, 21.2]));
    /// # }
    /// ```
    #[doc(alias = "dedup_by")]
    #[track_caller]
    pub fn distinct_until_changed_by<F>(
        self,
        is_same: F,
    ) -> Flow<DistinctUntilChanged<O, LastBy<O::Item, F>>>
    where
        O: Observable<Item: Clone>,
        F: FnMut(&O::Item, &O::Item) -> bool,
    {
        let last = LastBy {
            last: None,
            is_same,
        };
        Flow::new(DistinctUntilChanged {
            stage: Stage::new("distinct_until_changed_by", self.into_inner(), last),
        })
    }
}

/// What a [`DistinctUntilChanged`] remembers of the item that last passed, and what it takes for a change.
pub trait Remember<T> {
    /// Tells whether `item` is another, and remembers it then.
    fn changes(&mut self, item: &T) -> bool;
}

/// Remembers the item itself, for [`Flow::distinct_until_changed`].
#[derive(Clone)]
pub struct LastItem<T> {
    last: Option<T>,
}

impl<T: Clone + PartialEq> Remember<T> for LastItem<T> {
    #[inline]
    fn changes(&mut self, item: &T) -> bool {
        let changes = self.last.as_ref() != Some(item);
        if changes {
            self.last = Some(item.clone());
        }
        changes
    }
}

/// Remembers the key of the item, for [`Flow::distinct_until_changed_by_key`].
#[derive(Clone)]
pub struct LastKey<K, F> {
    last: Option<K>,
    key: F,
}

impl<T, K: PartialEq, F: FnMut(&T) -> K> Remember<T> for LastKey<K, F> {
    #[inline]
    fn changes(&mut self, item: &T) -> bool {
        let key = Some((self.key)(item));
        let changes = self.last != key;
        if changes {
            self.last = key;
        }
        changes
    }
}

/// Remembers the item and what is the same, for [`Flow::distinct_until_changed_by`].
#[derive(Clone)]
pub struct LastBy<T, F> {
    last: Option<T>,
    is_same: F,
}

impl<T: Clone, F: FnMut(&T, &T) -> bool> Remember<T> for LastBy<T, F> {
    #[inline]
    fn changes(&mut self, item: &T) -> bool {
        let changes = match &self.last {
            Some(last) => !(self.is_same)(last, item),
            None => true,
        };
        if changes {
            self.last = Some(item.clone());
        }
        changes
    }
}

pin_project! {
    /// The observable of [`Flow::distinct_until_changed`] and its variants.
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct DistinctUntilChanged<O, M> {
        #[pin]
        stage: Stage<O, M>,
    }
}

impl<O, M> Observable for DistinctUntilChanged<O, M>
where
    O: Observable,
    M: Remember<O::Item>,
{
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        self.project().stage.drain(cx, |memory, item| {
            if memory.changes(&item) {
                emit(item)
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, M> fmt::Debug for DistinctUntilChanged<O, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}

impl<T> fmt::Debug for LastItem<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastItem").finish_non_exhaustive()
    }
}

impl<K, F> fmt::Debug for LastKey<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastKey").finish_non_exhaustive()
    }
}

impl<T, F> fmt::Debug for LastBy<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastBy").finish_non_exhaustive()
    }
}
