//! What the task, the flow of groups and the groups have in common: the items of all groups, and who waits for what.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use thalweg_core::{DropReason, Fault, Meter, Overflow};

use super::{
    lists::{List, Lists},
    options::{MaxGroups, Options},
};

pub(super) struct Shared<K, T, E> {
    state: Mutex<State<K, T, E>>,
    pub(super) options: Options,
    pub(super) meter: Meter,
}

/// Where a group has its items. The index is used again; the serial number is not.
#[derive(Clone, Copy)]
pub(super) struct Place {
    index: usize,
    serial: u64,
}

struct State<K, T, E> {
    slots: Vec<Slot>,
    items: Lists<T>,
    serials: u64,
    /// Where groups were dropped.
    left: Vec<usize>,
    /// The key for which all wait, and its slot if it has one.
    stalled: Option<(K, Option<usize>)>,
    /// Once all is over, how so: one for every group.
    ends: Option<Vec<Result<(), Fault<E>>>>,
    stopping: bool,
    task: Option<Waker>,
}

/// Small, so that an item touches a cache line or two.
struct Slot {
    /// The number of its group; 0 if there is none.
    serial: u64,
    list: List,
    /// Items in the list and in the hands of the group.
    held: usize,
    group: Option<Waker>,
    /// The group was dropped.
    left: bool,
    /// Nothing more comes: the group completes after what it has.
    finished: bool,
    /// An item has come since the search for an idle group was last here.
    used: bool,
}

/// What a group finds when it looks for items.
pub(super) enum Found<T, E> {
    /// An item, which is not held any more, and whether it is the last and the group is woken by the next.
    Item(T, bool),
    /// There are items, but they are not wanted.
    Unwanted,
    Nothing,
    End(Result<(), Fault<E>>),
}

impl<K, T, E> State<K, T, E> {
    /// Takes the task, to be woken outside of the lock, if it waits for what has just been made at `index`.
    fn task_for_room(&mut self, index: usize, options: &Options) -> Option<Waker> {
        let (_, stalled) = self.stalled.as_ref()?;
        let evicts = matches!(options.max_groups, Some((_, MaxGroups::EvictIdle)));
        if stalled.map_or(evicts, |stalled| stalled == index) {
            self.task.take()
        } else {
            None
        }
    }
}

impl<K, T, E> Shared<K, T, E> {
    pub(super) fn new(options: Options, meter: Meter) -> Self {
        Self {
            state: Mutex::new(State {
                slots: Vec::new(),
                items: Lists::new(),
                serials: 0,
                left: Vec::new(),
                stalled: None,
                ends: None,
                stopping: false,
                task: None,
            }),
            options,
            meter,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K, T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stalled(&self) -> Option<K>
    where
        K: Clone,
    {
        self.lock().stalled.as_ref().map(|(key, _)| key.clone())
    }
}

/// For the flow of groups and the groups.
impl<K, T, E> Shared<K, T, E> {
    pub(super) fn request_stop(&self) {
        let mut state = self.lock();
        let task = if std::mem::replace(&mut state.stopping, true) {
            None
        } else {
            state.task.take()
        };
        drop(state);
        wake(task);
    }

    pub(super) fn flow_left(&self) {
        let task = self.lock().task.take();
        wake(task);
    }

    /// Gives back the room of `handed_on` items and looks for more: the first, and in `rest` the others.
    #[inline]
    pub(super) fn take(
        &self,
        place: Place,
        handed_on: usize,
        rest: &mut VecDeque<T>,
        budget: u32,
        waker: &Waker,
    ) -> Found<T, E> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(slot) = state.slots.get_mut(place.index) else {
            return Found::End(Ok(()));
        };
        if slot.serial != place.serial {
            // It was evicted.
            return Found::End(Ok(()));
        }
        slot.held -= handed_on;
        let mut replaced = None;
        let mut made_room = handed_on > 0;
        let found = if slot.list.is_empty() {
            if slot.finished {
                Found::End(Ok(()))
            } else if let Some(ends) = &mut state.ends {
                Found::End(ends.pop().unwrap_or(Ok(())))
            } else {
                replaced = register(&mut slot.group, waker);
                Found::Nothing
            }
        } else if budget == 0 {
            Found::Unwanted
        } else if let Some(first) = state.items.pop_front(&mut slot.list) {
            slot.held -= 1;
            made_room = true;
            // The oldest must be there to be dropped.
            if self.options.overflow != Overflow::DropOldest {
                while let Some(item) = state.items.pop_front(&mut slot.list) {
                    rest.push_back(item);
                }
            }
            let waits = slot.held == 0 && state.ends.is_none() && !slot.finished;
            if waits {
                replaced = register(&mut slot.group, waker);
            }
            Found::Item(first, waits)
        } else {
            Found::Nothing
        };
        let task = if made_room {
            state.task_for_room(place.index, &self.options)
        } else {
            None
        };
        drop(guard);
        // Dropped outside of the lock: a waker may hold a whole task.
        drop(replaced);
        wake(task);
        found
    }

    /// Gives back the room of items that were handed on.
    pub(super) fn give_back(&self, place: Place, handed_on: usize) {
        let mut state = self.lock();
        state.slots[place.index].held -= handed_on;
        let task = state.task_for_room(place.index, &self.options);
        drop(state);
        wake(task);
    }

    /// Closes the place of a group that was dropped or is over, with `rest` items in its hands.
    pub(super) fn group_left(&self, place: Place, rest: usize) {
        let mut dropped = Vec::new();
        let mut guard = self.lock();
        let state = &mut *guard;
        let slot = &mut state.slots[place.index];
        if slot.serial != place.serial {
            return;
        }
        while let Some(item) = state.items.pop_front(&mut slot.list) {
            dropped.push(item);
        }
        slot.held = 0;
        slot.left = true;
        let group = slot.group.take();
        state.left.push(place.index);
        let task = state.task.take();
        drop(guard);
        drop(group);
        let items = (dropped.len() + rest) as u64;
        self.meter.drop_items(DropReason::Cancelled, items);
        wake(task);
    }
}

/// For the task.
impl<K, T, E> Shared<K, T, E> {
    /// Has the task woken when anything changes; tells whether a stop was asked for.
    pub(super) fn attend(&self, task: &Context<'_>) -> bool {
        let mut state = self.lock();
        let replaced = register(&mut state.task, task.waker());
        let stopping = state.stopping;
        drop(state);
        drop(replaced);
        stopping
    }

    /// Makes a place for a new group at `index`, which is free, or left, or one more than there were.
    pub(super) fn open(&self, index: usize) -> Place {
        let mut state = self.lock();
        state.serials += 1;
        let serial = state.serials;
        let slot = Slot {
            serial,
            list: List::EMPTY,
            held: 0,
            group: None,
            left: false,
            finished: false,
            used: true,
        };
        if index == state.slots.len() {
            state.slots.push(slot);
        } else {
            state.slots[index] = slot;
        }
        Place { index, serial }
    }

    /// Frees a place. Its group completes, if it is still there.
    pub(super) fn close(&self, index: usize) {
        let mut state = self.lock();
        let slot = &mut state.slots[index];
        slot.serial = 0;
        slot.left = false;
        let group = slot.group.take();
        drop(state);
        wake(group);
    }

    /// Lets the group of a place complete after what it has.
    pub(super) fn finish(&self, index: usize) {
        let mut state = self.lock();
        let slot = &mut state.slots[index];
        slot.finished = true;
        let group = slot.group.take();
        drop(state);
        wake(group);
    }

    /// Moves items to their groups; stops before one whose group was dropped, and gives its index.
    ///
    /// `woken` is empty before and after: its buffer is used again.
    pub(super) fn deliver(
        &self,
        items: &mut VecDeque<(usize, T)>,
        woken: &mut Vec<Waker>,
    ) -> Option<usize> {
        let (mut cancelled, mut superfluous) = (Vec::new(), Vec::new());
        let mut left = None;
        let offered = items.len();
        let mut guard = self.lock();
        let state = &mut *guard;
        while let Some((index, item)) = items.pop_front() {
            let slot = &mut state.slots[index];
            if slot.left {
                left = Some(index);
                items.push_front((index, item));
                break;
            }
            if slot.serial == 0 {
                cancelled.push(item);
                continue;
            }
            slot.used = true;
            if slot.held >= self.options.capacity {
                // Only with a policy that drops: there was room when it was put in line.
                superfluous.push(item);
                if self.options.overflow == Overflow::DropOldest
                    && let Some(oldest) = state.items.pop_front(&mut slot.list)
                    && let Some(item) = superfluous.pop()
                {
                    state.items.push_back(&mut slot.list, item);
                    superfluous.push(oldest);
                }
            } else {
                slot.held += 1;
                state.items.push_back(&mut slot.list, item);
            }
            woken.extend(slot.group.take());
        }
        self.meter.receive((offered - items.len()) as u64);
        drop(guard);
        woken.drain(..).for_each(Waker::wake);
        self.meter
            .drop_items(DropReason::Cancelled, cancelled.len() as u64);
        self.meter
            .drop_items(DropReason::Overflow, superfluous.len() as u64);
        left
    }

    /// Tells how many items may be put in line; `None` if the group was dropped.
    pub(super) fn room(&self, index: usize) -> Option<usize> {
        let state = self.lock();
        let slot = &state.slots[index];
        (!slot.left).then(|| self.options.room(slot.held))
    }

    /// Finds a group that holds nothing and got nothing since the search was last there, as a clock's hand goes round.
    pub(super) fn find_idle(&self, hand: &mut usize) -> Option<usize> {
        let mut state = self.lock();
        let slots = &mut state.slots;
        for _ in 0..slots.len() * 2 {
            *hand = (*hand + 1) % slots.len();
            let slot = &mut slots[*hand];
            let used = std::mem::replace(&mut slot.used, false);
            if !used && slot.held == 0 && slot.serial > 0 {
                return Some(*hand);
            }
        }
        None
    }

    /// Takes the places of groups that were dropped and whose keys have not been opened again.
    pub(super) fn take_left(&self) -> Vec<usize> {
        let mut state = self.lock();
        let mut left = std::mem::take(&mut state.left);
        left.retain(|index| state.slots[*index].left);
        left
    }

    pub(super) fn set_stalled(&self, stalled: Option<(K, Option<usize>)>) {
        let before = std::mem::replace(&mut self.lock().stalled, stalled);
        drop(before);
    }

    /// Ends all groups, each after what it has; those for which there is no end in `ends` complete. The first counts.
    pub(super) fn end(&self, ends: Vec<Result<(), Fault<E>>>) {
        let mut woken = Vec::new();
        let mut state = self.lock();
        if state.ends.is_none() {
            state.ends = Some(ends);
        }
        woken.extend(state.slots.iter_mut().filter_map(|slot| slot.group.take()));
        let stalled = state.stalled.take();
        drop(state);
        drop(stalled);
        woken.into_iter().for_each(Waker::wake);
    }
}

/// Puts `waker` into `slot`; the one it replaces is to be dropped outside of the lock.
#[inline]
#[must_use = "it is to be dropped outside of the lock"]
fn register(slot: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match slot {
        Some(known) if known.will_wake(waker) => None,
        slot => slot.replace(waker.clone()),
    }
}

#[inline]
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
