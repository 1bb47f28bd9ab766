//! `group_by`: a flow of flows, one for each key.

mod core;
mod driver;
mod group;
mod state;

use std::{fmt, hash::Hash, num::NonZeroUsize, ops::ControlFlow, pin::Pin, sync::Arc, task::Poll};

use thalweg_core::{Cx, Drained, Fault, Holds, Meter, Observable, Overflow, Plan};

use crate::{Flow, Stage};

use self::{
    core::Shared,
    state::{OUTER, Open},
};
pub use group::Group;

/// Items that the queue of a group holds, unless [`Flow::group_capacity`] says otherwise.
const CAPACITY: usize = 256;

impl<O: Observable> Flow<O> {
    /// Sorts the items by key into flows of their own: emits a [`Group`] for every key that is new.
    ///
    /// ```text
    /// in    --a1--b1--a2--b2--|
    ///         group_by(letter)
    /// out   --A---B-----------|
    ///   A     a1------a2------|
    ///   B         b1------b2--|
    /// ```
    ///
    /// Whoever is polled, this flow or any of its groups, drives the source for all; it needs no task. A group completes
    /// with the source. A group that is dropped closes its key: what it held is dropped and counted, and the next item of
    /// that key opens a new group. Once this flow is dropped, items of new keys are dropped and counted; the groups that
    /// there are go on, and the last of them drops the source.
    ///
    /// For most uses [`scan`] by key, windows by key or `par_map_by_key` do without a flow for each key.
    ///
    /// [`scan`]: crate::transform
    ///
    /// # Backpressure
    ///
    /// Every group holds at most [`group_capacity`](Flow::group_capacity) items, 256. If the queue of one is full because
    /// nobody reads it, all wait for it, and [`stalled`](Flow::stalled) tells its key; [`when_full`](Flow::when_full) drops
    /// or fails instead. There may be any number of groups, unless [`max_groups`](Flow::max_groups) bounds them. Besides, up
    /// to 64 items wait to be sorted in.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what a dropped group held, which is counted as cancelled.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the source reaches this flow and every group, after the items before it;
    /// [`Fault::Overflowed`] if a queue is full, or a group too many comes, and the choice is to fail.
    ///
    /// # Panics
    ///
    /// A panic of the source or of `key` unwinds through whoever is polled; the others get [`Fault::Panicked`]. A clone of a
    /// flow that runs panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut parities = (1..=5).flow().group_by(|n| n % 2);
    /// let odd = parities.next().await.unwrap().unwrap();
    /// let even = parities.next().await.unwrap().unwrap();
    /// assert_eq!((*odd.key(), *even.key()), (1, 0));
    /// assert_eq!(even.collect::<Vec<_>>().await, Ok(vec![2, 4]));
    /// assert_eq!(odd.collect::<Vec<_>>().await, Ok(vec![1, 3, 5]));
    /// # }
    /// ```
    #[doc(alias = "grouped")]
    #[doc(alias = "partition_by")]
    #[doc(alias = "split_by")]
    #[track_caller]
    pub fn group_by<K, F>(self, key: F) -> Flow<GroupBy<O, K, F>>
    where
        O: Observable<Item: Send, Error: Clone + Send + Sync> + Send + 'static,
        K: Clone + Eq + Hash + Send + 'static,
        F: FnMut(&O::Item) -> K + Send + 'static,
    {
        Flow::new(GroupBy {
            state: State::Idle(Stage::new("group_by", self.into_inner(), key)),
            options: Options {
                capacity: CAPACITY,
                overflow: Overflow::Wait,
                max_groups: None,
            },
            meter: Meter::new(),
        })
    }
}

impl<O, K, F> Flow<GroupBy<O, K, F>>
where
    O: Observable<Item: Send, Error: Clone + Send + Sync> + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    F: FnMut(&O::Item) -> K + Send + 'static,
{
    /// Lets every group hold at most `items`.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn group_capacity(self, items: usize) -> Self {
        assert!(items > 0, "a group of 0 items lets nothing through");
        self.with(|options| options.capacity = items)
    }

    /// Says what happens to an item whose group is full: all wait, one of its items is dropped and counted, or all fail.
    pub fn when_full(self, overflow: Overflow) -> Self {
        self.with(|options| options.overflow = overflow)
    }

    /// Lets there be at most `groups` at a time, and says what happens when there would be one more.
    pub fn max_groups(self, groups: NonZeroUsize, when_reached: MaxGroups) -> Self {
        self.with(|options| options.max_groups = Some((groups.get(), when_reached)))
    }

    /// Gives the key for which everything waits: its group is full, or one group too many; `None` while items move.
    pub fn stalled(&self) -> Option<K> {
        match &self.inner().state {
            State::Running(shared) => shared.core.stalled(),
            State::Idle(_) | State::Ended => None,
        }
    }

    fn with(self, set: impl FnOnce(&mut Options)) -> Self {
        let mut group_by = self.into_inner();
        set(&mut group_by.options);
        Self::new(group_by)
    }
}

/// What happens when a key is new and there are as many groups as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MaxGroups {
    /// All wait until a group is dropped.
    #[default]
    Wait,
    /// A group that has been idle and holds nothing completes; if there is none, all wait.
    EvictIdle,
    /// This flow and all groups fail with [`Fault::Overflowed`].
    Fail,
}

#[derive(Clone, Copy, Debug)]
struct Options {
    capacity: usize,
    overflow: Overflow,
    max_groups: Option<(usize, MaxGroups)>,
}

/// The observable of [`Flow::group_by`].
#[must_use = "flows do nothing unless run"]
pub struct GroupBy<O: Observable, K, F> {
    state: State<O, K, F>,
    options: Options,
    meter: Meter,
}

enum State<O: Observable, K, F> {
    Idle(Stage<O, F>),
    Running(Arc<Shared<K, O::Item, O::Error>>),
    Ended,
}

// The source is only pinned once it runs, in a box.
impl<O: Observable, K, F> Unpin for GroupBy<O, K, F> {}

impl<O, K, F> Observable for GroupBy<O, K, F>
where
    O: Observable<Item: Send, Error: Clone + Send + Sync> + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    F: FnMut(&O::Item) -> K + Send + 'static,
{
    type Item = Flow<Group<K, O::Item, O::Error>>;
    type Error = Fault<O::Error>;

    fn poll_drain<E>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if let State::Idle(_) = this.state
            && let State::Idle(stage) = std::mem::replace(&mut this.state, State::Ended)
        {
            this.state = State::Running(driver::start(stage, this.options, this.meter.clone()));
        }
        let State::Running(shared) = &this.state else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let drained = shared.poll(OUTER, cx, |shared, cx| {
            while let Some(Open { place, key }) = shared.core.take_opened() {
                cx.spend_many(1);
                if emit(Flow::new(Group::new(Arc::clone(shared), place, key))).is_break() {
                    return Some(Drained::Stopped);
                }
            }
            None
        });
        if matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_))) {
            this.leave();
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        let id = match &self.state {
            State::Idle(stage) => stage.id(),
            State::Running(shared) => shared.core.id,
            State::Ended => return plan.leaf("group_by"),
        };
        let holds = match self.options.max_groups {
            Some((groups, _)) => {
                let queues = groups.saturating_mul(self.options.capacity);
                Holds::Items(queues.saturating_add(driver::QUANTUM as usize))
            }
            None => Holds::Unbounded,
        };
        let stage = plan.stage(id).holds(holds).meter(&self.meter);
        if let State::Idle(upstream) = &self.state
            && let Some(input) = upstream.input()
        {
            stage.input(input);
        }
    }
}

impl<O: Observable, K, F> GroupBy<O, K, F> {
    fn leave(&mut self) {
        if let State::Running(shared) = std::mem::replace(&mut self.state, State::Ended) {
            shared.core.leave(OUTER);
        }
    }
}

impl<O: Observable, K, F> Drop for GroupBy<O, K, F> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<O: Observable + Clone, K, F: Clone> Clone for GroupBy<O, K, F> {
    /// A clone starts anew.
    ///
    /// # Panics
    ///
    /// Panics if the flow runs already: its groups are in other hands.
    #[track_caller]
    fn clone(&self) -> Self {
        let state = match &self.state {
            State::Idle(stage) => State::Idle(stage.clone()),
            State::Ended => State::Ended,
            State::Running(_) => panic!("group_by runs: clone a flow before it is polled"),
        };
        Self {
            state,
            options: self.options,
            meter: self.meter.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug, K: Clone + fmt::Debug, F> fmt::Debug for GroupBy<O, K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("GroupBy");
        match &self.state {
            State::Idle(stage) => out.field("source", stage),
            State::Running(shared) => out.field("stalled", &shared.core.stalled()),
            State::Ended => out.field("ended", &true),
        };
        out.field("options", &self.options).finish_non_exhaustive()
    }
}
