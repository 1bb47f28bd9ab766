//! Where the subscribers of a hub stand. Whatever a batch or a subscriber asks of it costs no walk over all of them.

use std::{collections::BTreeMap, task::Waker};

use super::Delivery;

/// The subscribers by key, and how many stand where.
#[derive(Default)]
pub(super) struct Places {
    by_key: Vec<Option<Place>>,
    free: Vec<usize>,
    count: usize,
    stopping: usize,
    lossless: Tally,
    lossy: Tally,
    slack: Tally,
    /// Where those lossless ones stand that still read what was there when they came.
    replaying: Tally,
    /// The keys of those that wait for an item, so that a wake costs what waits.
    waiting: Vec<usize>,
}

struct Place {
    next: u64,
    /// The first item that was sent since it came. What lies before does not count as being behind.
    joined: u64,
    delivery: Delivery,
    /// Its place among those that wait, and its task.
    waits: Option<(usize, Waker)>,
    stopping: bool,
}

/// How often each number occurs. Subscribers stand at the ends of few batches, so there are few.
#[derive(Default)]
struct Tally(BTreeMap<u64, usize>);

impl Tally {
    fn add(&mut self, number: u64) {
        *self.0.entry(number).or_default() += 1;
    }

    fn remove(&mut self, number: u64) {
        if let Some(count) = self.0.get_mut(&number) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&number);
            }
        }
    }

    fn min(&self) -> Option<u64> {
        self.0.keys().next().copied()
    }

    fn max(&self) -> Option<u64> {
        self.0.keys().next_back().copied()
    }
}

impl Places {
    /// Adds a subscriber that begins with `next`, of which the items before `head` are history.
    pub(super) fn add(&mut self, next: u64, head: u64, delivery: Delivery) -> usize {
        self.count += 1;
        // One that may lose items loses history too, and holds back nobody.
        let joined = match delivery {
            Delivery::Lossless => head,
            Delivery::Lag(_) | Delivery::Latest => next,
        };
        self.standing(delivery).add(joined);
        if next < joined {
            self.replaying.add(next);
        }
        if let Some(slack) = delivery.slack() {
            self.slack.add(slack);
        }
        let place = Some(Place {
            next,
            joined,
            delivery,
            waits: None,
            stopping: false,
        });
        if let Some(key) = self.free.pop() {
            self.by_key[key] = place;
            key
        } else {
            self.by_key.push(place);
            self.by_key.len() - 1
        }
    }

    /// Takes a subscriber out; its waker is to be dropped outside the lock.
    pub(super) fn remove(&mut self, key: usize) -> Option<Waker> {
        let place = self.by_key[key].take()?;
        self.free.push(key);
        self.count -= 1;
        self.stopping -= usize::from(place.stopping);
        self.standing(place.delivery)
            .remove(place.next.max(place.joined));
        if place.next < place.joined {
            self.replaying.remove(place.next);
        }
        if let Some(slack) = place.delivery.slack() {
            self.slack.remove(slack);
        }
        let (at, waker) = place.waits?;
        self.waiting.swap_remove(at);
        if let Some(moved) = self.waiting.get(at)
            && let Some(place) = &mut self.by_key[*moved]
            && let Some((known, _)) = &mut place.waits
        {
            *known = at;
        }
        Some(waker)
    }

    fn standing(&mut self, delivery: Delivery) -> &mut Tally {
        match delivery {
            Delivery::Lossless => &mut self.lossless,
            Delivery::Lag(_) | Delivery::Latest => &mut self.lossy,
        }
    }

    /// Notes how far a subscriber has come.
    pub(super) fn advance(&mut self, key: usize, next: u64) {
        let Some(place) = &mut self.by_key[key] else {
            return;
        };
        let before = std::mem::replace(&mut place.next, next);
        if before == next {
            return;
        }
        let (joined, delivery) = (place.joined, place.delivery);
        if before < joined {
            self.replaying.remove(before);
            if next < joined {
                self.replaying.add(next);
            }
        }
        let standing = self.standing(delivery);
        standing.add(next.max(joined));
        standing.remove(before.max(joined));
    }

    /// Remembers the task of a subscriber that waits; gives the waker that it replaces.
    pub(super) fn wait(&mut self, key: usize, waker: &Waker) -> Option<Waker> {
        let place = self.by_key[key].as_mut()?;
        if let Some((_, known)) = &mut place.waits {
            let same = known.will_wake(waker);
            return (!same).then(|| std::mem::replace(known, waker.clone()));
        }
        place.waits = Some((self.waiting.len(), waker.clone()));
        self.waiting.push(key);
        None
    }

    pub(super) fn take_wakers(&mut self, woken: &mut Vec<Waker>) {
        for key in self.waiting.drain(..) {
            let waits = self.by_key[key].as_mut().and_then(|at| at.waits.take());
            woken.extend(waits.map(|(_, waker)| waker));
        }
    }

    pub(super) fn stop(&mut self, key: usize) {
        if let Some(place) = &mut self.by_key[key]
            && !std::mem::replace(&mut place.stopping, true)
        {
            self.stopping += 1;
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn all_stopping(&self) -> bool {
        self.count > 0 && self.stopping == self.count
    }

    /// Where the slowest subscriber stands that must get every item.
    pub(super) fn slowest(&self) -> Option<u64> {
        self.lossless.min()
    }

    /// Whether there are subscribers that lose items when they are slow.
    pub(super) fn any_may_lose(&self) -> bool {
        self.slack.max().is_some()
    }

    /// The first item that must still be kept for somebody.
    pub(super) fn needed(&self, head: u64) -> u64 {
        let lossy = self.lossy.min().unwrap_or(head);
        let slack = self.slack.max().unwrap_or(0);
        let lossless = self.lossless.min().unwrap_or(head);
        let replaying = self.replaying.min().unwrap_or(head);
        lossless
            .min(replaying)
            .min(lossy.max(head.saturating_sub(slack)))
    }
}
