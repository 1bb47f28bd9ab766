//! `group_by`: a flow of flows, one for each key.

mod closing;
mod group;
mod lists;
mod options;
mod shared;
mod sorter;
mod task;

use std::{
    fmt,
    hash::Hash,
    num::NonZeroUsize,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use thalweg_core::{
    Cx, Drained, Fault, Holds, Meter, Observable, Overflow, Plan, StageId,
    queue::{QueueReceiver, queue},
};

use crate::{Flow, Stage};

use self::{
    closing::{CloseBy, Closing, Notifier},
    options::Options,
    shared::Shared,
    sorter::Sorter,
};
pub use group::Group;
pub use options::MaxGroups;

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
    /// The source runs in a task of its own, from the first poll until this flow and all groups are gone. Items cross by
    /// the batch: one short lock for all, and one wake for each group that gets some. A group completes with the
    /// source, or before: see [`close_by`](Flow::close_by) and [`group_items`](Flow::group_items). A group that is dropped
    /// closes its key: what it held is dropped and counted, and the next item of that key opens a new group. Once this flow is dropped, items of new keys are dropped and counted; the groups that there are go on.
    ///
    /// For most uses [`scan`] by key, windows by key or `par_map_by_key` do without a flow for each key.
    ///
    /// [`scan`]: crate::transform
    ///
    /// # Backpressure
    ///
    /// Every group holds at most [`group_capacity`](Flow::group_capacity) items, 256. If the queue of one is full because
    /// nobody reads it, all wait for it, and [`stalled`](Flow::stalled) tells its key; [`when_full`](Flow::when_full) drops
    /// or fails instead. There may be any number of groups, also closed ones that were not read to their end, unless
    /// [`max_groups`](Flow::max_groups) bounds them, and any number of them may wait for this flow to be read. Besides, the
    /// item waits for which there is no room.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what a dropped group held, which is counted as cancelled. Dropping this flow and all groups
    /// has the task drop the source when it is next run.
    ///
    /// # Errors
    ///
    /// [`Fault::Upstream`] with the error of the source reaches this flow and every group, after the items before it;
    /// likewise [`Fault::Panicked`] if the source or `key` panicked, and [`Fault::Overflowed`] if a queue is full, or a group
    /// too many comes, and the choice is to fail.
    ///
    /// # Panics
    ///
    /// Panics at the first poll outside of a tokio runtime. A clone of a flow that runs panics.
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
        O: Observable<Item: Send, Error: Clone + Send> + Send + 'static,
        K: Clone + Eq + Hash + Send + 'static,
        F: FnMut(&O::Item) -> K + Send + 'static,
    {
        let stage = Stage::new("group_by", self.into_inner(), key);
        Flow::new(GroupBy {
            id: stage.id(),
            state: State::Idle(stage),
            options: Options::new(),
            close_by: None,
            meter: Meter::new(),
        })
    }
}

impl<O, K, F> Flow<GroupBy<O, K, F>>
where
    O: Observable<Item: Send, Error: Clone + Send> + Send + 'static,
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

    /// Closes every group after `items`; the next item of its key opens another.
    ///
    /// Those that a policy drops count too. A group counts for [`max_groups`](Flow::max_groups) until it has been read to its
    /// end.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut pairs = (1..=3).flow().group_by(|_| "all").group_items(2);
    /// let first = pairs.next().await.unwrap().unwrap();
    /// let second = pairs.next().await.unwrap().unwrap();
    /// assert_eq!(first.collect::<Vec<_>>().await, Ok(vec![1, 2]));
    /// assert_eq!(second.collect::<Vec<_>>().await, Ok(vec![3]));
    /// # }
    /// ```
    #[track_caller]
    pub fn group_items(self, items: u64) -> Self {
        assert!(items > 0, "a group of 0 items lets nothing through");
        self.with(|options| options.group_items = items)
    }

    /// Closes every group at the first item of a notifier of its own, or at its completion; the next item of its key opens
    /// another.
    ///
    /// The notifier is made when the group is opened, and dropped when it closes. At one instant it goes before the items.
    /// An error of it ends the flow and all groups.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::timer};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let minute = Duration::from_secs(60);
    /// let numbers = (1..=4).flow().pace(1, minute);
    /// let mut parities = numbers.group_by(|n| n % 2).close_by(move |_| timer(minute * 3));
    /// let odd = parities.next().await.unwrap().unwrap();
    /// assert_eq!(odd.collect::<Vec<_>>().await, Ok(vec![1, 3]));
    /// # }
    /// ```
    #[doc(alias = "duration")]
    pub fn close_by<N>(self, notifier: impl Fn(&K) -> N + Send + Sync + 'static) -> Self
    where
        N: Observable<Error = O::Error> + Send + 'static,
    {
        let mut group_by = self.into_inner();
        group_by.close_by = Some(Arc::new(move |key: &K| Notifier::new(notifier(key))));
        Self::new(group_by)
    }

    /// Gives the key for which everything waits: its group is full, or one group too many; `None` while items move.
    pub fn stalled(&self) -> Option<K> {
        match &self.inner().state {
            State::Running(running) => running.shared.stalled(),
            State::Idle(_) | State::Ended => None,
        }
    }

    fn with(self, set: impl FnOnce(&mut Options)) -> Self {
        let mut group_by = self.into_inner();
        set(&mut group_by.options);
        Self::new(group_by)
    }
}

/// The observable of [`Flow::group_by`].
#[must_use = "flows do nothing unless run"]
pub struct GroupBy<O: Observable, K, F> {
    state: State<O, K, F>,
    options: Options,
    close_by: Option<CloseBy<K, O::Error>>,
    meter: Meter,
    id: StageId,
}

enum State<O: Observable, K, F> {
    Idle(Stage<O, F>),
    Running(Running<K, O::Item, O::Error>),
    Ended,
}

struct Running<K, T, E> {
    groups: QueueReceiver<Group<K, T, E>, Fault<E>>,
    shared: Arc<Shared<K, T, E>>,
}

// The source is only pinned once it is in its task.
impl<O: Observable, K, F> Unpin for GroupBy<O, K, F> {}

impl<O, K, F> GroupBy<O, K, F>
where
    O: Observable<Item: Send, Error: Clone + Send> + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    F: FnMut(&O::Item) -> K + Send + 'static,
{
    fn start(&self, stage: Stage<O, F>) -> Running<K, O::Item, O::Error> {
        let shared = Arc::new(Shared::new(self.options, self.meter.clone()));
        // Without a bound of its own: a flow of groups that is not read must not hold back the groups that are. The
        // ledger is one of items, not of groups.
        let (sender, groups) = queue(self.id, usize::MAX, Overflow::Wait, Meter::new());
        let sorter = Sorter::new(
            self.id,
            Arc::clone(&shared),
            sender,
            Closing::new(self.close_by.clone()),
        );
        // Nobody aborts it: it ends when the last of its readers has left.
        tokio::spawn(task::run(stage, Arc::clone(&shared), sorter));
        Running { groups, shared }
    }
}

impl<O, K, F> Observable for GroupBy<O, K, F>
where
    O: Observable<Item: Send, Error: Clone + Send> + Send + 'static,
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
            this.state = State::Running(this.start(stage));
        }
        let State::Running(running) = &mut this.state else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        if cx.stopping() {
            running.shared.request_stop();
        }
        let drained =
            ready!(Pin::new(&mut running.groups).poll_drain(cx, |group| emit(Flow::new(group))));
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            this.leave();
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        let holds = match self.options.max_groups {
            // One item waits when there is no room for it.
            Some((groups, _)) => Holds::Items(
                groups
                    .saturating_mul(self.options.capacity)
                    .saturating_add(1),
            ),
            None => Holds::Unbounded,
        };
        let stage = plan.stage(self.id).holds(holds).meter(&self.meter);
        if let State::Idle(upstream) = &self.state
            && let Some(input) = upstream.input()
        {
            stage.input(input);
        }
    }
}

impl<O: Observable, K, F> GroupBy<O, K, F> {
    fn leave(&mut self) {
        if let State::Running(running) = std::mem::replace(&mut self.state, State::Ended) {
            let Running { groups, shared } = running;
            // First, so that the task finds it closed. Groups that were never handed on go with it.
            drop(groups);
            shared.flow_left();
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
            close_by: self.close_by.clone(),
            meter: self.meter.clone(),
            id: self.id,
        }
    }
}

impl<O: Observable + fmt::Debug, K: Clone + fmt::Debug, F> fmt::Debug for GroupBy<O, K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("GroupBy");
        match &self.state {
            State::Idle(stage) => out.field("source", stage),
            State::Running(running) => out.field("stalled", &running.shared.stalled()),
            State::Ended => out.field("ended", &true),
        };
        out.field("options", &self.options)
            .field("close_by", &self.close_by.is_some())
            .finish_non_exhaustive()
    }
}
