//! Who may run next: the waiting items of every key, as a state machine without clock, tasks or I/O.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    fmt,
    hash::Hash,
};

use tokio::time::{Duration, Instant};

use super::{super::par_map::InOrder, limits::KeyLimits};
use crate::timer::later;

/// The keys that have something waiting, running or to be kept apart from the next.
///
/// Keys take turns: of those that may run, the one that waited longest is next. Holds what waits; a key without work
/// whose delay has passed is forgotten.
#[derive(Clone)]
pub(super) struct Keys<K, T, R> {
    slots: Vec<Option<Line<K, T, R>>>,
    free: Vec<usize>,
    by_key: HashMap<K, usize>,
    /// The keys that may start an item now, each once.
    turns: VecDeque<usize>,
    /// When a key that started something may start the next.
    delayed: BinaryHeap<Reverse<(Instant, usize)>>,
    waiting: usize,
    held: usize,
}

#[derive(Clone)]
struct Line<K, T, R> {
    key: K,
    waiting: VecDeque<T>,
    /// In `turns` or in `delayed`.
    queued: bool,
    order: InOrder<R>,
}

/// Where the result of a job belongs: the key's slot and the number in its order.
#[derive(Clone, Copy)]
pub(super) struct Place {
    slot: usize,
    number: u64,
}

impl<K: Hash + Eq + Clone, T, R> Keys<K, T, R> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            turns: VecDeque::new(),
            delayed: BinaryHeap::new(),
            waiting: 0,
            held: 0,
        }
    }

    /// Counts the items that run, or are done and wait for one before them.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Counts the items that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Counts the keys that are known at the moment.
    pub(super) fn known(&self) -> usize {
        self.by_key.len()
    }

    /// Puts an item in line behind the others of its key.
    pub(super) fn push(&mut self, key: K, item: T, per_key: usize) {
        let slot = if let Some(slot) = self.by_key.get(&key) {
            *slot
        } else {
            let slot = self.free.pop().unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() - 1
            });
            self.by_key.insert(key.clone(), slot);
            self.slots[slot] = Some(Line {
                key,
                waiting: VecDeque::new(),
                queued: false,
                order: InOrder::new(),
            });
            slot
        };
        self.waiting += 1;
        if let Some(state) = &mut self.slots[slot] {
            state.waiting.push_back(item);
        }
        self.enqueue(slot, per_key);
    }

    /// Puts the key at the end of the line if it may start something.
    fn enqueue(&mut self, slot: usize, per_key: usize) {
        let Some(state) = &mut self.slots[slot] else {
            return;
        };
        if state.queued {
            return;
        }
        if !state.waiting.is_empty() && state.order.len() < per_key {
            state.queued = true;
            self.turns.push_back(slot);
        } else if state.waiting.is_empty() && state.order.len() == 0 {
            self.by_key.remove(&state.key);
            self.slots[slot] = None;
            self.free.push(slot);
        }
    }

    /// Tells whether it is the turn of an item.
    pub(super) fn is_ready(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Takes the item whose turn it is. The key may start its next after `delay`.
    pub(super) fn start(
        &mut self,
        now: Instant,
        per_key: usize,
        delay: impl FnOnce(&K) -> Duration,
    ) -> Option<(Place, T)> {
        let slot = *self.turns.front()?;
        let state = self.slots[slot].as_mut()?;
        // Foreign code, which may panic, goes before the first change.
        let delay = delay(&state.key);
        self.turns.pop_front();
        state.queued = false;
        let item = state.waiting.pop_front()?;
        let number = state.order.add();
        self.waiting -= 1;
        self.held += 1;
        if delay.is_zero() {
            self.enqueue(slot, per_key);
        } else {
            // Known until then even if it has no more work, so that work that comes meanwhile keeps the distance.
            state.queued = true;
            self.delayed.push(Reverse((later(now, delay), slot)));
        }
        Some((Place { slot, number }, item))
    }

    /// Lets the keys whose delay has passed have turns again.
    pub(super) fn release(&mut self, now: Instant, per_key: usize) {
        while let Some(Reverse((at, slot))) = self.delayed.peek()
            && *at <= now
        {
            let slot = *slot;
            self.delayed.pop();
            if let Some(state) = &mut self.slots[slot] {
                state.queued = false;
            }
            self.enqueue(slot, per_key);
        }
    }

    /// Tells when the next delay passes.
    pub(super) fn next_release(&self) -> Option<Instant> {
        self.delayed.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the result of a job, `None` if it panicked, and puts what may be handed on now into `done`.
    pub(super) fn finish(
        &mut self,
        place: Place,
        result: Option<R>,
        limits: &KeyLimits<K>,
        done: &mut VecDeque<R>,
    ) {
        let Some(state) = &mut self.slots[place.slot] else {
            return;
        };
        let before = state.order.len();
        match result {
            Some(result) if limits.in_order => state.order.fill(place.number, result),
            result => {
                state.order.lose(place.number);
                done.extend(result);
            }
        }
        while let Some(result) = state.order.take_first() {
            done.push_back(result);
        }
        self.held -= before - state.order.len();
        self.enqueue(place.slot, limits.per_key);
    }

    /// Drops what waits; gives how much it was.
    pub(super) fn clear(&mut self, per_key: usize) -> usize {
        let dropped = std::mem::take(&mut self.waiting);
        if dropped > 0 {
            for state in self.slots.iter_mut().flatten() {
                state.waiting.clear();
            }
            for slot in std::mem::take(&mut self.turns) {
                if let Some(state) = &mut self.slots[slot] {
                    state.queued = false;
                }
                self.enqueue(slot, per_key);
            }
        }
        dropped
    }
}

impl<K, T, R> fmt::Debug for Keys<K, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("known", &self.by_key.len())
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}
