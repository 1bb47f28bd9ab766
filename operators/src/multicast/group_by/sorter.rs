//! Where every key has its queue, and what becomes of an item: a state machine without a source.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    ops::ControlFlow,
    sync::Arc,
    task::Context,
};

use thalweg_core::{
    DropReason, Fault, Meter, Overflow, Overflowed, StageId,
    queue::{QueueSender, queue},
};

use super::{Group, MaxGroups, Options, signals::Signals};

pub(super) type Groups<K, T, E> = QueueSender<Group<K, T, E>, Fault<E>>;

pub(super) struct Sorter<K, T, E> {
    id: StageId,
    options: Options,
    meter: Meter,
    signals: Arc<Signals<K>>,
    groups: Groups<K, T, E>,
    /// Groups that are to be sent.
    opened: VecDeque<Group<K, T, E>>,
    places: HashMap<K, usize>,
    slots: Vec<Option<Slot<K, T, E>>>,
    free: Vec<usize>,
    /// Places of the slots whose batch is to be sent.
    filled: Vec<usize>,
    /// Items for which there is no room: one, or one more that came because of a stop.
    waiting: VecDeque<(K, T)>,
    overflowed: Option<Overflowed>,
    /// Where the search for an idle group goes on.
    hand: usize,
}

struct Slot<K, T, E> {
    key: K,
    sender: QueueSender<T, Fault<E>>,
    batch: VecDeque<T>,
    /// Items that surely fit besides the batch. There may be more room by now, never less.
    room: usize,
    /// An item has come since the search for an idle group was last here.
    used: bool,
}

/// What became of an item.
enum Put<K, T> {
    Taken,
    /// There is no room for it.
    Waits(K, T),
    /// It was one too many, which is the end.
    Failed,
}

impl<K, T, E> Sorter<K, T, E>
where
    K: Clone + Eq + Hash,
    E: Clone,
{
    pub(super) fn new(
        id: StageId,
        options: Options,
        meter: Meter,
        signals: Arc<Signals<K>>,
        groups: Groups<K, T, E>,
    ) -> Self {
        Self {
            id,
            options,
            meter,
            signals,
            groups,
            opened: VecDeque::new(),
            places: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            filled: Vec::new(),
            waiting: VecDeque::new(),
            overflowed: None,
            hand: 0,
        }
    }

    /// Takes an item; breaks if no more is to come before [`go_on`](Self::go_on).
    #[inline]
    pub(super) fn sort(&mut self, key: K, item: T) -> ControlFlow<()> {
        if !self.waiting.is_empty() {
            self.waiting.push_back((key, item));
            return ControlFlow::Break(());
        }
        match self.put(key, item) {
            Put::Taken => ControlFlow::Continue(()),
            Put::Waits(key, item) => {
                self.waiting.push_back((key, item));
                ControlFlow::Break(())
            }
            Put::Failed => ControlFlow::Break(()),
        }
    }

    /// Sees who left, and tries again with what waits; has the task woken when there may be room for it.
    pub(super) fn go_on(&mut self, task: &mut Context<'_>) {
        self.forget_left();
        while let Some((key, item)) = self.waiting.pop_front() {
            // Told before it looks: whoever makes room from now on sees that it is wanted.
            self.signals.set_stalled(Some(key.clone()));
            if let Some(Some(slot)) = self.places.get(&key).map(|place| &self.slots[*place]) {
                // The answer is asked for again below; this is for the wake.
                let _ = slot.sender.poll_room(task);
            }
            match self.put(key, item) {
                Put::Taken => self.signals.set_stalled(None),
                Put::Waits(key, item) => {
                    self.waiting.push_front((key, item));
                    break;
                }
                Put::Failed => break,
            }
        }
        self.flush();
    }

    pub(super) fn is_stalled(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn take_overflowed(&mut self) -> Option<Overflowed> {
        self.overflowed.take()
    }

    /// Whether nobody reads any more: neither the flow of groups nor any group.
    pub(super) fn is_abandoned(&self) -> bool {
        self.places.is_empty() && self.groups.is_closed()
    }

    /// Sends every batch, and then the groups that are new.
    pub(super) fn flush(&mut self) {
        let mut filled = std::mem::take(&mut self.filled);
        for place in filled.drain(..) {
            // A group that was dropped meanwhile opens again.
            while let Some(slot) = &mut self.slots[place]
                && slot.sender.send_batch(&mut slot.batch).is_err()
            {
                self.open_again(place);
            }
        }
        self.filled = filled;
        if self.groups.send_batch(&mut self.opened).is_err() {
            self.opened.clear();
        }
    }

    /// Ends the flow of groups and every group, each after what it has been sent.
    pub(super) fn end(&mut self, end: &Result<(), Fault<E>>) {
        let left = self.waiting.drain(..).len() as u64;
        self.count_dropped(DropReason::Failed, left);
        for slot in self.slots.iter().flatten() {
            slot.sender.end(end.clone());
        }
        self.groups.end(end.clone());
        self.signals.set_stalled(None);
    }

    /// Puts an item into the batch of its group, which is opened if there is none.
    #[inline]
    fn put(&mut self, key: K, item: T) -> Put<K, T> {
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None if self.groups.is_closed() => {
                self.count_dropped(DropReason::Cancelled, 1);
                return Put::Taken;
            }
            None => match self.make_way() {
                Ok(true) => self.open(key.clone()),
                Ok(false) => return Put::Waits(key, item),
                Err(most) => return self.fail(most),
            },
        };
        let Some(slot) = &mut self.slots[place] else {
            return Put::Waits(key, item);
        };
        if slot.room == 0 {
            slot.room = slot.sender.room().saturating_sub(slot.batch.len());
        }
        if slot.room == 0 {
            if slot.sender.is_closed() {
                self.open_again(place);
                return self.put(key, item);
            }
            return match self.options.overflow {
                Overflow::Fail => self.fail(self.options.capacity),
                _ => Put::Waits(key, item),
            };
        }
        slot.room -= 1;
        slot.used = true;
        if slot.batch.is_empty() {
            self.filled.push(place);
        }
        slot.batch.push_back(item);
        Put::Taken
    }

    /// Gives up an item that is one more than there may be.
    fn fail(&mut self, most: usize) -> Put<K, T> {
        self.count_dropped(DropReason::Failed, 1);
        self.overflowed = Some(Overflowed::new(self.id, most));
        Put::Failed
    }

    /// Whether there may be one group more; the error is how many there may be.
    fn make_way(&mut self) -> Result<bool, usize> {
        let Some((max, when_reached)) = self.options.max_groups else {
            return Ok(true);
        };
        if self.places.len() >= max {
            self.forget_left();
        }
        if self.places.len() < max {
            return Ok(true);
        }
        match when_reached {
            MaxGroups::Wait => Ok(false),
            MaxGroups::EvictIdle => Ok(self.evict()),
            MaxGroups::Fail => Err(max),
        }
    }

    fn open(&mut self, key: K) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let slot = Slot {
            sender: self.new_group(place, key.clone()),
            batch: VecDeque::new(),
            room: self.initial_room(),
            used: true,
            key: key.clone(),
        };
        self.slots[place] = Some(slot);
        self.places.insert(key, place);
        place
    }

    /// Opens another group for a key whose group was dropped; forgets the key if nobody would get it.
    fn open_again(&mut self, place: usize) {
        let Some(slot) = &self.slots[place] else {
            return;
        };
        if self.groups.is_closed() {
            self.count_dropped(DropReason::Cancelled, slot.batch.len() as u64);
            self.forget(place);
            return;
        }
        let sender = self.new_group(place, slot.key.clone());
        let room = self.initial_room();
        if let Some(slot) = &mut self.slots[place] {
            slot.sender = sender;
            slot.room = room.saturating_sub(slot.batch.len());
        }
    }

    fn new_group(&mut self, place: usize, key: K) -> QueueSender<T, Fault<E>> {
        let Options {
            capacity, overflow, ..
        } = self.options;
        let (sender, receiver) = queue(self.id, capacity, overflow, self.meter.clone());
        let signals = Arc::clone(&self.signals);
        self.opened
            .push_back(Group::new(receiver, signals, place, key));
        sender
    }

    /// A queue that drops takes whatever comes.
    fn initial_room(&self) -> usize {
        match self.options.overflow {
            Overflow::Wait | Overflow::Fail => self.options.capacity,
            Overflow::DropIncoming | Overflow::DropOldest => usize::MAX,
        }
    }

    /// Completes a group that holds nothing and got nothing since the search was last there, as a clock's hand goes round.
    fn evict(&mut self) -> bool {
        for _ in 0..self.slots.len() * 2 {
            self.hand = (self.hand + 1) % self.slots.len();
            let Some(slot) = &mut self.slots[self.hand] else {
                continue;
            };
            let used = std::mem::replace(&mut slot.used, false);
            let holds_nothing =
                slot.batch.is_empty() && slot.sender.room() == self.options.capacity;
            if !used && holds_nothing {
                self.forget(self.hand);
                return true;
            }
        }
        false
    }

    /// Forgets the keys whose groups were dropped, so that a flow of ever new keys does not grow.
    fn forget_left(&mut self) {
        for place in self.signals.take_left() {
            // The place may have another group by now, and a batch opens the key again.
            if let Some(slot) = &self.slots[place]
                && slot.sender.is_closed()
                && slot.batch.is_empty()
            {
                self.forget(place);
            }
        }
    }

    /// Frees a place. Its group completes, if it is still there, because its sender is dropped.
    fn forget(&mut self, place: usize) {
        if let Some(slot) = self.slots[place].take() {
            self.places.remove(&slot.key);
            self.free.push(place);
        }
    }
}

impl<K, T, E> Sorter<K, T, E> {
    /// Counts items that never reached a queue.
    fn count_dropped(&self, reason: DropReason, items: u64) {
        self.meter.receive(items);
        self.meter.drop_items(reason, items);
    }
}

impl<K, T, E> Drop for Sorter<K, T, E> {
    fn drop(&mut self) {
        self.count_dropped(DropReason::Cancelled, self.waiting.len() as u64);
    }
}
