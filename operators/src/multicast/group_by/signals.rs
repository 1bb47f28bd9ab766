//! What the flow of groups and the groups tell the task that sorts, and it them; the items have queues of their own.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

pub(super) struct Signals<K> {
    state: Mutex<State<K>>,
    /// The task may wait for a group to become idle.
    evicts: bool,
}

struct State<K> {
    /// Where the groups had their place that were dropped.
    left: Vec<usize>,
    stalled: Option<K>,
    stopping: bool,
    task: Option<Waker>,
}

impl<K> Signals<K> {
    pub(super) fn new(evicts: bool) -> Self {
        Self {
            state: Mutex::new(State {
                left: Vec::new(),
                stalled: None,
                stopping: false,
                task: None,
            }),
            evicts,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes the task, outside the lock.
    fn tell(&self, change: impl FnOnce(&mut State<K>)) {
        let task = {
            let mut state = self.lock();
            change(&mut state);
            state.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }

    pub(super) fn request_stop(&self) {
        if !self.lock().stopping {
            self.tell(|state| state.stopping = true);
        }
    }

    pub(super) fn group_left(&self, place: usize) {
        self.tell(|state| state.left.push(place));
    }

    pub(super) fn flow_left(&self) {
        self.tell(|_| {});
    }

    /// A group was read: it may be idle now.
    pub(super) fn group_read(&self) {
        if self.evicts && self.lock().stalled.is_some() {
            self.tell(|_| {});
        }
    }

    /// Has the task woken when any of it changes; tells whether a stop was asked for.
    pub(super) fn attend(&self, task: &Context<'_>) -> bool {
        let mut state = self.lock();
        let before = state.task.replace(task.waker().clone());
        let stopping = state.stopping;
        // Dropped outside the lock: a waker may hold a whole task.
        drop(state);
        drop(before);
        stopping
    }

    pub(super) fn take_left(&self) -> Vec<usize> {
        std::mem::take(&mut self.lock().left)
    }

    pub(super) fn set_stalled(&self, key: Option<K>) {
        let before = std::mem::replace(&mut self.lock().stalled, key);
        drop(before);
    }

    pub(super) fn stalled(&self) -> Option<K>
    where
        K: Clone,
    {
        self.lock().stalled.clone()
    }
}
