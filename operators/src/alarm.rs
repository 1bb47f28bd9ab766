//! One waker for several tasks.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Wake, Waker},
};

/// The tasks of the flows that wait. As the waker of their source it wakes all of them: the one that was polled last may
/// not be polled again.
pub(crate) struct Alarm {
    waiting: Mutex<Vec<Option<Waker>>>,
}

impl Alarm {
    pub(crate) fn new(flows: usize) -> Self {
        Self {
            waiting: Mutex::new(vec![None; flows]),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Waker>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `waker` woken for the flow `me`.
    pub(crate) fn wait(&self, me: usize, waker: &Waker) {
        let mut waiting = self.lock();
        if waiting[me].as_ref().is_some_and(|at| at.will_wake(waker)) {
            return;
        }
        let replaced = waiting[me].replace(waker.clone());
        // Dropped outside the lock: a waker may hold a whole task.
        drop(waiting);
        drop(replaced);
    }

    pub(crate) fn wake_one(&self, who: usize) {
        let waker = self.lock()[who].take();
        waker.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn wake_others(&self, me: usize) {
        let mut waiting = self.lock();
        let mine = waiting[me].take();
        let others: Vec<_> = waiting.iter_mut().filter_map(Option::take).collect();
        waiting[me] = mine;
        drop(waiting);
        others.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let woken: Vec<_> = self.lock().iter_mut().filter_map(Option::take).collect();
        woken.into_iter().for_each(Waker::wake);
    }
}
