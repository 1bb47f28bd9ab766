//! What the flow of groups and all groups have in common, and how each of them is polled.
//!
//! Only one drives the source at a time, and nobody does while others have just been woken with items: they come first.
//! A wake of the source wakes one of those that wait, not all. Whoever was woken but is not polled any more must not hang
//! the others, so a watchdog wakes all if nobody has driven for a while.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak},
    task::{Poll, Wake, Waker},
    time::Duration,
};

use thalweg_core::{Cx, Drained, DropReason, Fault, Meter, StageId};
use tokio::time::sleep;

use super::{
    Options,
    driver::{Drive, Driven},
    state::{OUTER, Open, Place, State},
};

/// How long those that were woken have before the others are.
const PATIENCE: Duration = Duration::from_millis(10);

pub(super) struct Shared<K, T, E> {
    pub(super) core: Arc<Core<K, T, E>>,
    pub(super) driver: Mutex<Box<dyn Drive<K, T, E>>>,
}

pub(super) struct Core<K, T, E> {
    state: Mutex<State<K, T, E>>,
    pub(super) id: StageId,
    pub(super) options: Options,
    pub(super) meter: Meter,
}

impl<K, T, E> Core<K, T, E> {
    pub(super) fn new(id: StageId, options: Options, meter: Meter) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new()),
            id,
            options,
            meter,
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<K, T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stalled(&self) -> Option<K>
    where
        K: Clone,
    {
        let state = self.lock();
        state.stalled.as_ref().map(|(_, key)| key.clone())
    }

    pub(super) fn take_opened(&self) -> Option<Open<K>> {
        self.lock().opened.pop_front()
    }

    /// Takes all items of a group; what is left of them goes back when the work is dropped.
    pub(super) fn take_items(&self, place: Place) -> Option<Work<'_, K, T, E>> {
        let mut state = self.lock();
        let slot = state.slot(place)?;
        if slot.queue.is_empty() {
            return None;
        }
        let items = std::mem::take(&mut slot.queue);
        slot.taken = items.len();
        drop(state);
        Some(Work {
            core: self,
            place,
            before: items.len(),
            items,
        })
    }

    /// Takes out a group, or the flow of groups.
    pub(super) fn leave(&self, place: Place) {
        let mut state = self.lock();
        let waiter = state.forget(place);
        let mut opened = VecDeque::new();
        let mut slot = None;
        if place == OUTER {
            state.outer = None;
            opened = std::mem::take(&mut state.opened);
        } else {
            slot = state.close(place);
        }
        let mut left = slot.as_ref().map_or(0, |slot| slot.queue.len());
        // Groups that were never handed on go with the flow of groups.
        let unread: Vec<_> = opened
            .iter()
            .filter_map(|open| state.close(open.place))
            .collect();
        left += unread.iter().map(|slot| slot.queue.len()).sum::<usize>();
        let tasks = state.next_turn();
        drop(state);
        self.meter.drop_items(DropReason::Cancelled, left as u64);
        tasks.into_iter().for_each(Waker::wake);
        drop((waiter, slot, unread, opened));
    }
}

/// Items in the hands of a reader.
pub(super) struct Work<'c, K, T, E> {
    core: &'c Core<K, T, E>,
    place: Place,
    before: usize,
    pub(super) items: VecDeque<T>,
}

impl<K, T, E> Drop for Work<'_, K, T, E> {
    fn drop(&mut self) {
        let handed_on = self.before - self.items.len();
        self.core.meter.emit(handed_on as u64);
        let mut state = self.core.lock();
        if let Some((stalled, _)) = state.stalled
            && handed_on > 0
            && (stalled == self.place.index || !state.is_used(stalled))
        {
            // There is room in it, or one group more that is idle.
            state.unstall();
        }
        if let Some(slot) = state.slot(self.place) {
            slot.taken = 0;
            // What came meanwhile goes behind it; the buffer is used again either way.
            self.items.append(&mut slot.queue);
            slot.queue = std::mem::take(&mut self.items);
        }
    }
}

impl<K, T, E> Core<K, T, E>
where
    K: Send + 'static,
    T: Send + 'static,
    E: Send + Sync + 'static,
{
    /// Sees to it that those that wait are woken if nobody drives for a while.
    fn watch(self: &Arc<Self>, state: &mut State<K, T, E>) {
        if state.watched || !state.ready || state.waiting.is_empty() {
            return;
        }
        if let Some(runtime) = &state.runtime {
            runtime.spawn(watchdog(Arc::downgrade(self), state.drives));
            state.watched = true;
        }
    }
}

async fn watchdog<K, T, E>(core: Weak<Core<K, T, E>>, mut drives: u64) {
    loop {
        sleep(PATIENCE).await;
        let Some(core) = core.upgrade() else { return };
        let mut woken = Vec::new();
        {
            let mut state = core.lock();
            if !state.ready || state.waiting.is_empty() || state.end.is_some() {
                state.watched = false;
                return;
            }
            if std::mem::replace(&mut drives, state.drives) == state.drives {
                // Those that were woken do not count any more.
                state.rouse_all(&mut woken);
                state.round += 1;
                state.awake = 0;
            }
        }
        woken.into_iter().for_each(Waker::wake);
    }
}

/// The source has something: one of those that wait is woken to drive it.
impl<K, T, E> Wake for Core<K, T, E>
where
    K: Send + 'static,
    T: Send + 'static,
    E: Send + Sync + 'static,
{
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let next = {
            let mut state = self.lock();
            state.ready = true;
            let next = state.next_turn();
            self.watch(&mut state);
            next
        };
        if let Some(next) = next {
            next.wake();
        }
    }
}

impl<K, T, E> Shared<K, T, E>
where
    K: Send + 'static,
    T: Send + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// Hands on what there is for `place` with `hand_on`, and drives the source when there is nothing.
    pub(super) fn poll(
        self: &Arc<Self>,
        place: Place,
        cx: &mut Cx<'_, '_>,
        mut hand_on: impl FnMut(&Arc<Self>, &mut Cx<'_, '_>) -> Option<Drained>,
    ) -> Poll<Result<Drained, Fault<E>>> {
        loop {
            let mut end = None;
            let mut has_turn = false;
            let owes_stop;
            // Dropped outside the lock: a waker may hold a whole task.
            let mut known;
            {
                let mut guard = self.core.lock();
                let state = &mut *guard;
                owes_stop = cx.stopping() && !std::mem::replace(&mut state.stopping, true);
                known = state.forget(place);
                let is_there = state.waiter(place).is_some();
                let has_items = if place == OUTER {
                    !state.opened.is_empty()
                } else {
                    state.slot(place).is_some_and(|slot| !slot.queue.is_empty())
                };
                if !is_there {
                    return Poll::Ready(Ok(Drained::Completed));
                }
                if has_items && cx.budget() == 0 && !owes_stop {
                    drop(guard);
                    self.pass_on(place);
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                if owes_stop {
                    has_turn = true;
                } else if !has_items {
                    if let Some(over) = &state.end {
                        end = Some(Arc::clone(over));
                    } else {
                        let waker = known
                            .take_if(|known| known.will_wake(cx.waker()))
                            .unwrap_or_else(|| cx.waker().clone());
                        state.wait(place, waker);
                        has_turn = state.ready && (state.awake == 0 || state.runtime.is_none());
                        if !has_turn {
                            self.core.watch(state);
                            return Poll::Pending;
                        }
                    }
                }
            }
            if let Some(end) = end {
                return Poll::Ready((*end).clone().map(|()| Drained::Completed));
            }
            if has_turn {
                let mut driver = match self.driver.try_lock() {
                    Ok(driver) => driver,
                    Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                    Err(TryLockError::WouldBlock) => {
                        // Who drives now looks for others that wait when it is through. A stop is not for it to tell.
                        if owes_stop {
                            self.core.lock().stopping = false;
                            cx.waker().wake_by_ref();
                        }
                        return Poll::Pending;
                    }
                };
                let outcome = driver.drive(&self.core, cx);
                drop(driver);
                if outcome != Driven::On {
                    // Somebody may have found the driver busy meanwhile.
                    self.pass_on(place);
                }
                if outcome == Driven::Exhausted {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                continue;
            }
            if let Some(outcome) = hand_on(self, cx) {
                self.pass_on(place);
                return Poll::Ready(Ok(outcome));
            }
        }
    }

    /// Leaves the source to another that waits, if nobody is about to drive it.
    fn pass_on(&self, place: Place) {
        let (waker, next) = {
            let mut state = self.core.lock();
            let waker = state.forget(place);
            let next = state.next_turn();
            self.core.watch(&mut state);
            (waker, next)
        };
        drop(waker);
        if let Some(next) = next {
            next.wake();
        }
    }
}
