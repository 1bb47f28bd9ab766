//! What a hub holds: the items that somebody still needs, and where everybody stands.

use std::{collections::VecDeque, sync::Arc, task::Waker, time::Instant};

use crate::Meter;

use super::{Delivery, History, audience::Places};

/// Items in one batch at most, when single items are sent while nobody reads.
const SEGMENT: usize = 256;

pub(super) struct State<T, E> {
    pub(super) segments: VecDeque<Segment<T>>,
    /// The sequence number of the next item.
    pub(super) head: u64,
    pub(super) places: Places,
    history: History,
    /// The first item that was not forgotten before its time.
    remembered: u64,
    /// Shared, so that it is cloned for each subscriber outside the lock.
    pub(super) end: Option<Arc<Result<(), E>>>,
    /// Producers that wait for room.
    pub(super) waiting: Vec<Waker>,
    /// The task to wake when a subscriber leaves or all of them are stopping.
    pub(super) producer: Option<Waker>,
}

pub(super) struct Segment<T> {
    pub(super) start: u64,
    /// When it was sent, if somebody said so.
    sent: Option<Instant>,
    pub(super) items: Arc<Vec<T>>,
}

impl<T> Segment<T> {
    pub(super) fn end(&self) -> u64 {
        self.start + self.items.len() as u64
    }
}

impl<T, E> State<T, E> {
    pub(super) fn new(history: History) -> Self {
        Self {
            segments: VecDeque::new(),
            head: 0,
            places: Places::default(),
            history,
            remembered: 0,
            end: None,
            waiting: Vec::new(),
            producer: None,
        }
    }

    pub(super) fn room(&self, capacity: usize) -> usize {
        let behind = self.head - self.places.slowest().unwrap_or(self.head);
        capacity.saturating_sub(usize::try_from(behind).unwrap_or(usize::MAX))
    }

    /// Takes out the segments that nobody needs any more; their items are to be dropped outside the lock.
    #[must_use]
    pub(super) fn trim(&mut self) -> Vec<Segment<T>> {
        let needed = self.places.needed(self.head).min(self.replayed_from());
        let done = self
            .segments
            .iter()
            .take_while(|segment| segment.end() <= needed)
            .count();
        self.segments.drain(..done).collect()
    }

    /// As [`trim`](Self::trim), after a batch: that makes others too old for the history, or for those who may lose items.
    #[must_use]
    pub(super) fn trim_outdated(&mut self) -> Vec<Segment<T>> {
        if self.history.items > 0 || self.places.any_may_lose() {
            self.trim()
        } else {
            Vec::new()
        }
    }

    /// Takes the producers that wait, if there is room for them.
    #[must_use]
    pub(super) fn admitted(&mut self, capacity: usize) -> Vec<Waker> {
        if self.waiting.is_empty() || self.room(capacity) == 0 {
            return Vec::new();
        }
        std::mem::take(&mut self.waiting)
    }

    /// How many items are kept for those who come late.
    pub(super) fn history_items(&self) -> usize {
        usize::try_from(self.history.items).unwrap_or(usize::MAX)
    }

    /// Whether an item that is sent now is kept for anybody.
    pub(super) fn is_wanted(&self) -> bool {
        self.end.is_none() && (self.places.count() > 0 || self.history.items > 0)
    }

    /// Adds a subscriber behind what is replayed to it; gives its key and the number of its first item.
    pub(super) fn join(&mut self, delivery: Delivery) -> (usize, u64) {
        let replayed = if self.end.is_some() && self.history.ends_with_hub {
            0
        } else {
            (self.head - self.replayed_from()).min(delivery.slack().unwrap_or(u64::MAX))
        };
        let first = self.head - replayed;
        (self.places.add(first, self.head, delivery), first)
    }

    /// The first item that a subscriber gets which comes now.
    fn replayed_from(&self) -> u64 {
        self.remembered
            .max(self.head.saturating_sub(self.history.items))
    }

    /// Forgets what was sent at `instant` or before, for those who come from now on.
    pub(super) fn forget_until(&mut self, instant: Instant) {
        let old = |segment: &Segment<T>| segment.sent.is_some_and(|sent| sent <= instant);
        let forgotten = self.segments.partition_point(old);
        if let Some(last) = forgotten.checked_sub(1) {
            self.remembered = self.remembered.max(self.segments[last].end());
        }
    }

    /// Adds items behind the others, and counts one delivery for each subscriber.
    pub(super) fn push(&mut self, batch: Batch<T>, sent: Option<Instant>, meter: &Meter) {
        meter.receive(batch.len() * self.places.count() as u64);
        let history = self.history_items();
        let mut items = match batch {
            Batch::Many(items) => items,
            Batch::One(item) => {
                let most = if history == 0 {
                    SEGMENT
                } else {
                    history.min(SEGMENT)
                };
                let open = self
                    .segments
                    .back_mut()
                    .and_then(|segment| Arc::get_mut(&mut segment.items))
                    .filter(|items| items.len() < most);
                if let Some(items) = open {
                    items.push(item);
                    self.head += 1;
                    return;
                }
                vec![item]
            }
        };
        if history > 0 && items.len() > history {
            // What is not kept is freed as soon as it is read.
            let kept = items.split_off(items.len() - history);
            self.push_segment(items, sent);
            items = kept;
        }
        self.push_segment(items, sent);
    }

    fn push_segment(&mut self, items: Vec<T>, sent: Option<Instant>) {
        let start = self.head;
        self.head += items.len() as u64;
        self.segments.push_back(Segment {
            start,
            sent,
            items: Arc::new(items),
        });
    }
}

pub(super) enum Batch<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Batch<T> {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Many(items) => items.len() as u64,
        }
    }
}
