//! Which lines were acknowledged, and how far that reaches without a gap.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use thalweg_core::Settle;

use super::{
    event::Mark,
    position::{Position, Stamp},
};

/// The lines that one run of a tracked tail has handed out and not heard of.
#[derive(Default)]
pub(super) struct Ledger {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The number of the first entry.
    first: u64,
    /// From the first line that was not acknowledged.
    entries: VecDeque<Entry>,
    /// By file, how far everything was acknowledged, since it was last collected.
    reached: Vec<(Arc<Stamp>, Mark)>,
    failed: Option<(Arc<Stamp>, u64)>,
    /// The task of the tail.
    task: Option<Waker>,
}

struct Entry {
    stamp: Arc<Stamp>,
    mark: Mark,
    done: bool,
}

/// A line that was dropped without being acknowledged: the path that is followed, and the place after the line.
pub(super) struct Failed {
    pub(super) stamp: Arc<Stamp>,
    pub(super) position: Position,
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No foreign code runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something is to be acknowledged; gives its number.
    pub(super) fn issue(&self, stamp: Arc<Stamp>, end: u64) -> u64 {
        self.lock().push(stamp, Mark::At(end), false)
    }

    /// Notes what nobody has to acknowledge; it counts once everything before it is done.
    pub(super) fn note(&self, stamp: Arc<Stamp>, mark: Mark) {
        let mut state = self.lock();
        state.push(stamp, mark, true);
        state.advance();
    }

    /// Tells how many are noted, and has `task` woken when one is settled.
    pub(super) fn watch(&self, task: &Waker) -> Result<usize, Failed> {
        let mut state = self.lock();
        if let Some((stamp, end)) = &state.failed {
            let position = stamp.at(*end);
            return Err(Failed {
                stamp: Arc::clone(stamp),
                position,
            });
        }
        let noted = state.entries.len();
        let replaced = match &state.task {
            Some(known) if known.will_wake(task) => None,
            _ => state.task.replace(task.clone()),
        };
        // Dropped outside the lock: a waker may hold a whole task.
        drop(state);
        drop(replaced);
        Ok(noted)
    }

    /// Takes out how far it was acknowledged since this was called last.
    pub(super) fn collect(&self) -> Vec<(Arc<Stamp>, Mark)> {
        std::mem::take(&mut self.lock().reached)
    }
}

impl Settle for Ledger {
    fn settle(&self, number: u64, done: bool) {
        let task = {
            let mut state = self.lock();
            let before = state.entries.len();
            let index = usize::try_from(number - state.first).ok();
            let Some(entry) = index.and_then(|index| state.entries.get_mut(index)) else {
                return;
            };
            if done {
                entry.done = true;
                state.advance();
            } else if let Mark::At(end) = entry.mark {
                let stamp = Arc::clone(&entry.stamp);
                state.failed.get_or_insert((stamp, end));
            }
            let has_news = state.entries.len() < before || state.failed.is_some();
            if has_news { state.task.take() } else { None }
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl State {
    fn push(&mut self, stamp: Arc<Stamp>, mark: Mark, done: bool) -> u64 {
        self.entries.push_back(Entry { stamp, mark, done });
        self.first + self.entries.len() as u64 - 1
    }

    /// Moves on to the first line that was not acknowledged.
    fn advance(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.done)
            && let Some(Entry { stamp, mark, .. }) = self.entries.pop_front()
        {
            self.first += 1;
            match self.reached.last_mut() {
                Some((known, at)) if known.file == stamp.file && known.path == stamp.path => {
                    (*known, *at) = (stamp, mark);
                }
                _ => self.reached.push((stamp, mark)),
            }
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("noted", &self.lock().entries.len())
            .finish_non_exhaustive()
    }
}
