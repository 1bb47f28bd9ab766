//! The queues of all groups, who waits, and whose turn it is: what lies under the lock. No foreign code runs in here.

use std::{collections::VecDeque, sync::Arc, task::Waker};

use thalweg_core::{DropReason, Fault, Overflow, Overflowed};
use tokio::runtime::Handle;

use super::{MaxGroups, core::Core};

/// Where a group has its queue. The place is used again; the serial number is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) index: usize,
    serial: u64,
}

/// The place of the flow of groups itself.
pub(super) const OUTER: Place = Place {
    index: usize::MAX,
    serial: 0,
};

/// A group that was opened and not handed on yet.
pub(super) struct Open<K> {
    pub(super) place: Place,
    pub(super) key: K,
}

pub(super) struct State<K, T, E> {
    pub(super) slots: Vec<Option<Slot<T>>>,
    pub(super) groups: usize,
    pub(super) serials: u64,
    pub(super) opened: VecDeque<Open<K>>,
    /// The flow of groups, until it is dropped.
    pub(super) outer: Option<Waiter>,
    /// Those that have a task to wake.
    pub(super) waiting: Vec<Place>,
    /// How many were woken in this round and not polled since.
    pub(super) awake: usize,
    pub(super) round: u64,
    pub(super) end: Option<Arc<Result<(), Fault<E>>>>,
    /// Driving the source may bring something.
    pub(super) ready: bool,
    pub(super) drives: u64,
    pub(super) stopping: bool,
    pub(super) stalled: Option<(usize, K)>,
    /// Places that are no longer used, for the driver to forget their keys.
    pub(super) closed: Vec<usize>,
    pub(super) hand: usize,
    pub(super) watched: bool,
    pub(super) runtime: Option<Handle>,
}

pub(super) struct Slot<T> {
    pub(super) serial: u64,
    pub(super) queue: VecDeque<T>,
    /// Items in the hands of the reader.
    pub(super) taken: usize,
    /// An item has come since the search for idle groups was last here.
    pub(super) touched: bool,
    pub(super) waiter: Waiter,
}

#[derive(Default)]
pub(super) struct Waiter {
    /// Its index among those that wait, and its task.
    waits: Option<(usize, Waker)>,
    /// The round in which it was woken.
    woken: Option<u64>,
}

/// What became of an item that was to be sorted in.
pub(super) enum Sorted<T> {
    In,
    Dropped(T),
    /// It has to wait.
    Stalled(T),
    /// It is one too many.
    Failed(T, Overflowed),
}

impl<K, T, E> State<K, T, E> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            groups: 0,
            serials: 0,
            opened: VecDeque::new(),
            outer: Some(Waiter::default()),
            waiting: Vec::new(),
            awake: 0,
            round: 0,
            end: None,
            ready: true,
            drives: 0,
            stopping: false,
            stalled: None,
            closed: Vec::new(),
            hand: 0,
            watched: false,
            runtime: Handle::try_current().ok(),
        }
    }

    pub(super) fn slot(&mut self, place: Place) -> Option<&mut Slot<T>> {
        let slot = self.slots.get_mut(place.index)?.as_mut()?;
        (slot.serial == place.serial).then_some(slot)
    }

    pub(super) fn waiter(&mut self, place: Place) -> Option<&mut Waiter> {
        if place == OUTER {
            self.outer.as_mut()
        } else {
            self.slot(place).map(|slot| &mut slot.waiter)
        }
    }

    pub(super) fn close(&mut self, place: Place) -> Option<Slot<T>> {
        self.slot(place)?;
        let slot = self.slots[place.index].take();
        self.groups -= 1;
        self.closed.push(place.index);
        self.unstall();
        slot
    }

    /// There is room, or a group less: what had to wait may go on.
    pub(super) fn unstall(&mut self) {
        if self.stalled.take().is_some() {
            self.ready = true;
        }
    }

    /// Notes that somebody is polled: it neither waits nor is it awake for nothing. Gives its waker.
    pub(super) fn forget(&mut self, place: Place) -> Option<Waker> {
        let round = self.round;
        let waiter = self.waiter(place)?;
        let woken = waiter.woken.take() == Some(round);
        let waits = waiter.waits.take();
        self.awake -= usize::from(woken);
        let (index, waker) = waits?;
        self.waiting.swap_remove(index);
        if let Some(moved) = self.waiting.get(index).copied()
            && let Some(Waiter {
                waits: Some((known, _)),
                ..
            }) = self.waiter(moved)
        {
            *known = index;
        }
        Some(waker)
    }

    pub(super) fn wait(&mut self, place: Place, waker: Waker) {
        let index = self.waiting.len();
        if let Some(waiter) = self.waiter(place) {
            waiter.waits = Some((index, waker));
            self.waiting.push(place);
        }
    }

    /// Takes the task of one that waits, which is then awake.
    pub(super) fn rouse(&mut self, place: Place) -> Option<Waker> {
        let waker = self.forget(place)?;
        let round = self.round;
        if let Some(waiter) = self.waiter(place) {
            waiter.woken = Some(round);
            self.awake += 1;
        }
        Some(waker)
    }

    /// Takes the task of one that waits if the source may be driven and nobody is about to.
    pub(super) fn next_turn(&mut self) -> Option<Waker> {
        if !self.ready || self.awake > 0 || self.end.is_some() {
            return None;
        }
        let place = self.waiting.last().copied()?;
        self.rouse(place)
    }

    pub(super) fn take_closed(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.closed)
    }

    pub(super) fn is_used(&self, index: usize) -> bool {
        self.slots.get(index).is_some_and(Option::is_some)
    }

    pub(super) fn begin_drive(&mut self) {
        self.drives += 1;
        self.ready = false;
    }

    pub(super) fn set_ready(&mut self) {
        self.ready = true;
    }

    pub(super) fn stall(&mut self, index: usize, key: K) {
        self.stalled = Some((index, key));
        self.ready = false;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn end(&mut self, end: Result<(), Fault<E>>, woken: &mut Vec<Waker>) {
        if self.end.is_none() {
            self.end = Some(Arc::new(end));
        }
        self.stalled = None;
        self.rouse_all(woken);
    }

    pub(super) fn rouse_all(&mut self, woken: &mut Vec<Waker>) {
        while let Some(place) = self.waiting.last().copied() {
            woken.extend(self.rouse(place));
        }
    }

    /// Puts an item into its group, which is opened if there is none.
    pub(super) fn sort_in(
        &mut self,
        index: usize,
        key: &K,
        item: T,
        core: &Core<K, T, E>,
        woken: &mut Vec<Waker>,
    ) -> Sorted<T>
    where
        K: Clone,
    {
        let options = core.options;
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        if self.slots[index].is_none() {
            if self.outer.is_none() {
                self.closed.push(index);
                core.meter.drop_items(DropReason::Cancelled, 1);
                return Sorted::Dropped(item);
            }
            if let Some((max, when_reached)) = options.max_groups
                && self.groups >= max
            {
                match when_reached {
                    MaxGroups::Fail => {
                        let overflowed = Overflowed::new(core.id, max);
                        return Sorted::Failed(item, overflowed);
                    }
                    MaxGroups::EvictIdle if self.evict(woken) => {}
                    MaxGroups::EvictIdle | MaxGroups::Wait => return Sorted::Stalled(item),
                }
            }
            self.open(index, key.clone());
            woken.extend(self.rouse(OUTER));
        }
        let Some(slot) = &mut self.slots[index] else {
            return Sorted::Stalled(item);
        };
        slot.touched = true;
        let mut dropped = None;
        if slot.queue.len() + slot.taken < options.capacity {
            slot.queue.push_back(item);
        } else {
            match options.overflow {
                Overflow::Wait => return Sorted::Stalled(item),
                Overflow::Fail => {
                    let overflowed = Overflowed::new(core.id, options.capacity);
                    return Sorted::Failed(item, overflowed);
                }
                Overflow::DropOldest if !slot.queue.is_empty() => {
                    dropped = slot.queue.pop_front();
                    slot.queue.push_back(item);
                }
                // What is in the hands of the reader is not dropped any more.
                Overflow::DropIncoming | Overflow::DropOldest => dropped = Some(item),
            }
        }
        let place = Place {
            index,
            serial: slot.serial,
        };
        woken.extend(self.rouse(place));
        match dropped {
            None => Sorted::In,
            Some(item) => {
                core.meter.drop_items(DropReason::Overflow, 1);
                Sorted::Dropped(item)
            }
        }
    }

    pub(super) fn open(&mut self, index: usize, key: K) {
        self.serials += 1;
        self.groups += 1;
        let serial = self.serials;
        self.slots[index] = Some(Slot {
            serial,
            queue: VecDeque::new(),
            taken: 0,
            touched: true,
            waiter: Waiter::default(),
        });
        let place = Place { index, serial };
        self.opened.push_back(Open { place, key });
    }

    /// Completes a group that holds nothing and got nothing since the search was last there, as a clock's hand goes round.
    pub(super) fn evict(&mut self, woken: &mut Vec<Waker>) -> bool {
        for _ in 0..self.slots.len() * 2 {
            self.hand = (self.hand + 1) % self.slots.len();
            let index = self.hand;
            let Some(slot) = &mut self.slots[index] else {
                continue;
            };
            let idle = slot.queue.is_empty() && slot.taken == 0;
            if !std::mem::replace(&mut slot.touched, false) && idle {
                let serial = slot.serial;
                woken.extend(self.rouse(Place { index, serial }));
                // Its reader finds nothing in its place any more, which is the completion.
                let evicted = self.close(Place { index, serial });
                self.awake -=
                    usize::from(evicted.is_some_and(|slot| slot.waiter.woken == Some(self.round)));
                return true;
            }
        }
        false
    }
}
