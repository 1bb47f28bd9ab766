//! `distinct`: drops items that came before, as far as a memory of a told size reaches.

use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    fmt,
    hash::Hash,
    marker::PhantomData,
    ops::ControlFlow,
    pin::Pin,
    task::Poll,
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Holds, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Drops items that equal one of the last `capacity` items that passed.
    ///
    /// ```text
    /// in   --1--2--1--3--2--|
    ///        distinct(100)
    /// out  --1--2-----3-----|
    /// ```
    ///
    /// When the memory is full, the oldest is forgotten and may pass again.
    /// [`UNLIMITED`](crate::transform::UNLIMITED) forgets none. [`flush_on`](Flow::flush_on) forgets all at a signal.
    /// [`distinct_by_key`](Self::distinct_by_key) remembers a part of an item only.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds copies of at most `capacity` items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let visitors = ["ann", "bob", "ann", "eve", "bob"].flow().distinct(1000);
    /// assert_eq!(visitors.collect::<Vec<_>>().await, Ok(vec!["ann", "bob", "eve"]));
    /// # }
    /// ```
    #[doc(alias = "unique")]
    #[track_caller]
    pub fn distinct(self, capacity: usize) -> Flow<Distinct<O, KnownItems<O::Item>>>
    where
        O: Observable<Item: Hash + Eq + Clone>,
    {
        assert!(capacity > 0, "distinct with a memory of 0 drops nothing");
        let known = KnownItems(Recent::new(capacity));
        Flow::new(Distinct {
            stage: Stage::new("distinct", self.into_inner(), known),
            capacity,
            notifier: None,
        })
    }

    /// Drops items whose `key` equals that of one of the last `capacity` items that passed.
    ///
    /// ```text
    /// in   --a1--b2--a3--c4--|
    ///        distinct_by_key(100, letter)
    /// out  --a1--b2------c4--|
    /// ```
    ///
    /// When the memory is full, the oldest key is forgotten.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds at most `capacity` keys and no item. The plan counts a key as an item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: an item is judged and handed on in one step.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let words = ["to", "sea", "the", "tide"].flow();
    /// let initials = words.distinct_by_key(26, |word| word.chars().next());
    /// assert_eq!(initials.collect::<Vec<_>>().await, Ok(vec!["to", "sea"]));
    /// # }
    /// ```
    #[doc(alias = "unique_by")]
    #[track_caller]
    pub fn distinct_by_key<K, F>(
        self,
        capacity: usize,
        key: F,
    ) -> Flow<Distinct<O, KnownKeys<K, F>>>
    where
        F: FnMut(&O::Item) -> K,
        K: Hash + Eq + Clone,
    {
        assert!(
            capacity > 0,
            "distinct_by_key with a memory of 0 drops nothing"
        );
        let known = KnownKeys {
            recent: Recent::new(capacity),
            key,
        };
        Flow::new(Distinct {
            stage: Stage::new("distinct_by_key", self.into_inner(), known),
            capacity,
            notifier: None,
        })
    }
}

impl<O: Observable, M: Memory<O::Item>> Flow<Distinct<O, M>> {
    /// Forgets all that has passed at every item of `notifier`.
    ///
    /// At every poll the notifier goes first, so an item at its very instant passes. Its completion changes nothing, its
    /// error is the end.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let midnight = Subject::new(1);
    /// let visitors = ["ann", "ann", "ann"].flow().distinct(1000);
    /// let mut daily = visitors.flush_on(midnight.subscribe());
    /// assert_eq!(daily.next().await, Ok(Some("ann")));
    /// midnight.send(()).await;
    /// assert_eq!(daily.next().await, Ok(Some("ann")));
    /// assert_eq!(daily.next().await, Ok(None));
    /// # }
    /// ```
    #[doc(alias = "flushes")]
    #[track_caller]
    pub fn flush_on<N>(self, notifier: N) -> Flow<Distinct<O, M, N>>
    where
        N: Observable<Error = O::Error>,
    {
        let Distinct {
            stage, capacity, ..
        } = self.into_inner();
        Flow::new(Distinct {
            notifier: Some(Stage::new(stage.id().name(), notifier, ())),
            stage,
            capacity,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::distinct`] and [`Flow::distinct_by_key`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Distinct<O, M, N = NeverFlushed<<O as Observable>::Error>>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, M>,
        capacity: usize,
        #[pin]
        notifier: Option<Stage<N>>,
    }
}

impl<O, M, N> Observable for Distinct<O, M, N>
where
    O: Observable,
    M: Memory<O::Item>,
    N: Observable<Error = O::Error>,
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
        let mut this = self.project();
        let mut notifier_has_more = false;
        if let Some(notifier) = this.notifier.as_mut().as_pin_mut() {
            // A notifier that is always busy leaves the source its half.
            let share = cx.budget().div_ceil(2);
            let mut flush = false;
            let signal = cx.limited(share, |cx| {
                notifier.drain(cx, |(), _| {
                    flush = true;
                    ControlFlow::Continue(())
                })
            });
            if flush && let Some(memory) = this.stage.as_mut().state() {
                memory.forget();
            }
            if let Poll::Ready(Err(error)) = signal {
                this.stage.end();
                return Poll::Ready(Err(error));
            }
            notifier_has_more = matches!(signal, Poll::Ready(Ok(Drained::Exhausted)));
        }
        let drained = this.stage.drain(cx, |memory, item| {
            if memory.is_new(&item) {
                emit(item)
            } else {
                ControlFlow::Continue(())
            }
        });
        match drained {
            Poll::Ready(Ok(Drained::Completed) | Err(_)) => this.notifier.set(None),
            Poll::Pending if notifier_has_more => return Poll::Ready(Ok(Drained::Exhausted)),
            _ => {}
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::at_most(self.capacity))
            .inputs(self.stage.input())
            .inputs(self.notifier.as_ref().and_then(Stage::input));
    }
}

impl<O: Observable + fmt::Debug, M, N> fmt::Debug for Distinct<O, M, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Distinct")
            .field("stage", &self.stage)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// What a [`Distinct`] remembers of the items that passed.
pub trait Memory<T> {
    /// Tells whether `item` is none of those that are remembered, and remembers it then.
    fn is_new(&mut self, item: &T) -> bool;

    /// Forgets all.
    fn forget(&mut self);
}

/// Remembers the items themselves, for [`Flow::distinct`].
#[derive(Clone)]
pub struct KnownItems<T>(Recent<T>);

impl<T: Hash + Eq + Clone> Memory<T> for KnownItems<T> {
    #[inline]
    fn is_new(&mut self, item: &T) -> bool {
        let is_new = !self.0.contains(item);
        if is_new {
            self.0.add(item.clone());
        }
        is_new
    }

    fn forget(&mut self) {
        self.0.clear();
    }
}

/// Remembers the keys of the items, for [`Flow::distinct_by_key`].
#[derive(Clone)]
pub struct KnownKeys<K, F> {
    recent: Recent<K>,
    key: F,
}

impl<T, K: Hash + Eq + Clone, F: FnMut(&T) -> K> Memory<T> for KnownKeys<K, F> {
    #[inline]
    fn is_new(&mut self, item: &T) -> bool {
        let key = (self.key)(item);
        let is_new = !self.recent.contains(&key);
        if is_new {
            self.recent.add(key);
        }
        is_new
    }

    fn forget(&mut self) {
        self.recent.clear();
    }
}

/// The keys that were added last, as many as there is room for.
#[derive(Clone)]
struct Recent<K> {
    known: HashSet<K>,
    /// The same, the oldest first.
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone> Recent<K> {
    fn new(capacity: usize) -> Self {
        Self {
            known: HashSet::new(),
            order: VecDeque::new(),
            capacity,
        }
    }

    fn contains(&self, key: &K) -> bool {
        self.known.contains(key)
    }

    /// Adds a key that is not there.
    fn add(&mut self, key: K) {
        if self.order.len() == self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(key.clone());
        self.order.push_back(key);
    }

    fn clear(&mut self) {
        self.known.clear();
        self.order.clear();
    }
}

/// Stands for the notifier of a [`Distinct`] that has none. There is no value of it.
#[derive(Clone)]
pub struct NeverFlushed<E> {
    never: Infallible,
    error: PhantomData<fn() -> E>,
}

impl<E> Observable for NeverFlushed<E> {
    type Item = Infallible;
    type Error = E;

    fn poll_drain<F>(self: Pin<&mut Self>, _: &mut Cx<'_, '_>, _: F) -> Poll<Result<Drained, E>>
    where
        F: FnMut(Infallible) -> ControlFlow<()>,
    {
        match self.never {}
    }
}

impl<T> fmt::Debug for KnownItems<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownItems").finish_non_exhaustive()
    }
}

impl<K, F> fmt::Debug for KnownKeys<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownKeys").finish_non_exhaustive()
    }
}

impl<E> fmt::Debug for NeverFlushed<E> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}
