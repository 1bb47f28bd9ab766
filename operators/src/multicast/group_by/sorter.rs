//! Where every key has its queue, and what becomes of an item: a state machine without a source.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    ops::ControlFlow,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use thalweg_core::{DropReason, Fault, Overflow, Overflowed, StageId, queue::QueueSender};

use super::{Group, MaxGroups, closing::Closing, shared::Shared};

pub(super) type Groups<K, T, E> = QueueSender<Group<K, T, E>, Fault<E>>;

pub(super) struct Sorter<K, T, E> {
    id: StageId,
    shared: Arc<Shared<K, T, E>>,
    groups: Groups<K, T, E>,
    /// Groups that are to be sent.
    opened: VecDeque<Group<K, T, E>>,
    seats: HashMap<K, Seat>,
    /// Who has which place.
    tenants: Vec<Tenant<K>>,
    free: Vec<usize>,
    closing: Closing<K, E>,
    /// Places of groups that complete after what is to be delivered.
    finishing: Vec<usize>,
    /// Items that are to be delivered, with the index of their place.
    sorted: VecDeque<(usize, T)>,
    /// Used again for every delivery.
    woken: Vec<Waker>,
    /// Items for which there is no room: one, or one more that came because of a stop.
    waiting: VecDeque<(K, T)>,
    overflowed: Option<Overflowed>,
    /// Where the search for an idle group goes on.
    hand: usize,
}

/// What is known of the group of a key.
struct Seat {
    index: usize,
    /// Items that surely fit. There may be more room by now, never less.
    room: usize,
    /// Items until the group closes.
    left: u64,
}

enum Tenant<K> {
    Nobody,
    Open(K),
    /// A group that gets no more items and has not been read to its end.
    Closed,
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
        shared: Arc<Shared<K, T, E>>,
        groups: Groups<K, T, E>,
        closing: Closing<K, E>,
    ) -> Self {
        Self {
            id,
            shared,
            groups,
            opened: VecDeque::new(),
            seats: HashMap::new(),
            tenants: Vec::new(),
            free: Vec::new(),
            closing,
            finishing: Vec::new(),
            sorted: VecDeque::new(),
            woken: Vec::new(),
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

    /// Sees who left, and tries again with what waits.
    pub(super) fn go_on(&mut self) {
        self.forget_left();
        while let Some((key, item)) = self.waiting.pop_front() {
            // Told before it looks: whoever makes room from now on sees that it is wanted.
            let index = self.seats.get(&key).map(|seat| seat.index);
            self.shared.set_stalled(Some((key.clone(), index)));
            match self.put(key, item) {
                Put::Taken => self.shared.set_stalled(None),
                Put::Waits(key, item) => {
                    self.waiting.push_front((key, item));
                    break;
                }
                Put::Failed => break,
            }
        }
        self.flush();
    }

    /// Closes the groups whose notifiers say so.
    ///
    /// # Errors
    ///
    /// The error of a notifier.
    pub(super) fn close_due(&mut self, task: &mut Context<'_>) -> Result<(), E> {
        while let Poll::Ready(due) = self.closing.poll(task) {
            self.close(due?);
        }
        self.deliver();
        Ok(())
    }

    pub(super) fn is_stalled(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn take_overflowed(&mut self) -> Option<Overflowed> {
        self.overflowed.take()
    }

    /// Whether nobody reads any more: neither the flow of groups nor any group.
    pub(super) fn is_abandoned(&self) -> bool {
        self.seats.is_empty() && self.groups.is_closed()
    }

    /// Delivers every item, and then the groups that are new.
    pub(super) fn flush(&mut self) {
        self.deliver();
        if self.groups.send_batch(&mut self.opened).is_err() {
            self.opened.clear();
        }
    }

    fn deliver(&mut self) {
        while !self.sorted.is_empty() {
            let left = self.shared.deliver(&mut self.sorted, &mut self.woken);
            if let Some(index) = left {
                self.open_again(index);
            }
        }
        for index in self.finishing.drain(..) {
            self.shared.finish(index);
        }
    }

    /// Lets a group complete after what it was given. Its key may open again.
    fn close(&mut self, index: usize) {
        if let Tenant::Open(key) = std::mem::replace(&mut self.tenants[index], Tenant::Closed) {
            self.seats.remove(&key);
            self.closing.forget(index);
            self.finishing.push(index);
        }
    }

    /// Ends the flow of groups and every group, each after what it has been sent.
    pub(super) fn end(&mut self, end: &Result<(), Fault<E>>) {
        let left = self.waiting.drain(..).len();
        self.count_dropped(DropReason::Failed, left);
        self.shared.end(vec![end.clone(); self.seats.len()]);
        self.groups.end(end.clone());
    }

    /// Puts an item in line for its group, which is opened if there is none.
    #[inline]
    fn put(&mut self, key: K, item: T) -> Put<K, T> {
        match self.seats.get_mut(&key) {
            Some(seat) if seat.room > 0 => {
                seat.room -= 1;
                seat.left -= 1;
                let (index, is_last) = (seat.index, seat.left == 0);
                self.sorted.push_back((index, item));
                if is_last {
                    self.close(index);
                }
                Put::Taken
            }
            Some(seat) => {
                let index = seat.index;
                self.put_into_full(index, key, item)
            }
            None => self.put_into_new(key, item),
        }
    }

    /// Looks whether the group has room by now.
    fn put_into_full(&mut self, index: usize, key: K, item: T) -> Put<K, T> {
        self.deliver();
        match self.shared.room(index) {
            None => self.open_again(index),
            Some(0) if self.shared.options.overflow == Overflow::Fail => {
                return self.fail(self.shared.options.capacity);
            }
            Some(0) => return Put::Waits(key, item),
            Some(room) => {
                if let Some(seat) = self.seats.get_mut(&key) {
                    seat.room = room;
                }
            }
        }
        self.put(key, item)
    }

    fn put_into_new(&mut self, key: K, item: T) -> Put<K, T> {
        if self.groups.is_closed() {
            self.count_dropped(DropReason::Cancelled, 1);
            return Put::Taken;
        }
        match self.make_way() {
            Ok(true) => {
                self.open(key.clone());
                self.put(key, item)
            }
            Ok(false) => Put::Waits(key, item),
            Err(most) => self.fail(most),
        }
    }

    /// Gives up an item that is one more than there may be.
    fn fail(&mut self, most: usize) -> Put<K, T> {
        self.count_dropped(DropReason::Failed, 1);
        self.overflowed = Some(Overflowed::new(self.id, most));
        Put::Failed
    }

    /// Whether there may be one group more; the error is how many there may be.
    fn make_way(&mut self) -> Result<bool, usize> {
        let Some((max, when_reached)) = self.shared.options.max_groups else {
            return Ok(true);
        };
        if self.occupied() >= max {
            self.deliver();
            self.forget_left();
        }
        if self.occupied() < max {
            return Ok(true);
        }
        match when_reached {
            MaxGroups::Wait => Ok(false),
            MaxGroups::EvictIdle => {
                let idle = self.shared.find_idle(&mut self.hand);
                if let Some(index) = idle {
                    self.forget(index);
                }
                Ok(idle.is_some())
            }
            MaxGroups::Fail => Err(max),
        }
    }

    /// Counts the groups that may hold items.
    fn occupied(&self) -> usize {
        self.tenants.len() - self.free.len()
    }

    fn open(&mut self, key: K) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.tenants.push(Tenant::Nobody);
            self.tenants.len() - 1
        });
        self.tenants[index] = Tenant::Open(key.clone());
        self.open_at(index, key, 0);
    }

    /// Opens another group for a key whose group was dropped; forgets the key if nobody would get it.
    fn open_again(&mut self, index: usize) {
        match &self.tenants[index] {
            Tenant::Open(key) if !self.groups.is_closed() => {
                let key = key.clone();
                let in_line = self.sorted.iter().filter(|(at, _)| *at == index);
                self.open_at(index, key, in_line.count());
            }
            _ => self.forget(index),
        }
    }

    /// Opens a group for which so many items are in line.
    fn open_at(&mut self, index: usize, key: K, in_line: usize) {
        self.closing.open(index, &key);
        let place = self.shared.open(index);
        let shared = Arc::clone(&self.shared);
        self.opened
            .push_back(Group::new(shared, place, key.clone()));
        let options = &self.shared.options;
        let seat = Seat {
            index,
            room: options.room(in_line),
            // Those in line were not its last, or it would be closed.
            left: options.group_items.saturating_sub(in_line as u64).max(1),
        };
        self.seats.insert(key, seat);
    }

    /// Forgets the keys whose groups were dropped, so that a flow of ever new keys does not grow.
    fn forget_left(&mut self) {
        for index in self.shared.take_left() {
            self.forget(index);
        }
    }

    /// Frees a place. Its group completes, if it is still there; items that are in line for it are dropped and counted.
    fn forget(&mut self, index: usize) {
        match std::mem::replace(&mut self.tenants[index], Tenant::Nobody) {
            Tenant::Nobody => return,
            Tenant::Open(key) => drop(self.seats.remove(&key)),
            Tenant::Closed => {}
        }
        self.closing.forget(index);
        self.shared.close(index);
        self.free.push(index);
    }
}

impl<K, T, E> Sorter<K, T, E> {
    /// Counts items that never reached a group.
    fn count_dropped(&self, reason: DropReason, items: usize) {
        self.shared.meter.receive(items as u64);
        self.shared.meter.drop_items(reason, items as u64);
    }
}

impl<K, T, E> Drop for Sorter<K, T, E> {
    fn drop(&mut self) {
        let left = self.waiting.len() + self.sorted.len();
        self.count_dropped(DropReason::Cancelled, left);
        // Those that were not told of another end complete.
        self.shared.end(Vec::new());
    }
}
