//! The order of all events: what the shards have still to take, and what the topics remember. No I/O.

mod replay;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::event::{Event, Record};

pub(super) use self::replay::{Snapshot, TopicState};

/// What a topic remembers: at most so many events, of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

/// The events of a topic that a client can still ask for.
struct History {
    records: VecDeque<Arc<Record>>,
    bytes: usize,
    bounds: Bounds,
    /// The newest event that is not here any more.
    evicted: u64,
    last: u64,
}

impl History {
    fn push(&mut self, record: &Arc<Record>) {
        self.last = record.offset;
        self.bytes += record.event.size();
        self.records.push_back(record.clone());
        while self.records.len() > self.bounds.events || self.bytes > self.bounds.bytes {
            let Some(oldest) = self.records.pop_front() else {
                break;
            };
            self.bytes -= oldest.event.size();
            self.evicted = oldest.offset;
        }
    }
}

/// One count over all events. Every shard takes them in order; a client starts where its shard stands.
pub(super) struct Log {
    head: u64,
    /// What some shard has not taken yet: consecutive, up to the head.
    pending: VecDeque<Arc<Record>>,
    bytes: usize,
    room: Bounds,
    /// The last event that each shard took.
    taken: Vec<u64>,
    histories: HashMap<Arc<str>, History>,
    max_topics: usize,
    /// The newest event of all topics that are not remembered any more.
    forgotten: u64,
}

impl Log {
    pub(super) fn new(shards: usize, room: Bounds, max_topics: usize) -> Self {
        Self {
            head: 0,
            pending: VecDeque::new(),
            bytes: 0,
            room,
            taken: vec![0; shards],
            histories: HashMap::new(),
            max_topics,
            forgotten: 0,
        }
    }

    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Whether one more event may wait for the shards.
    fn has_room(&self) -> bool {
        self.pending.len() < self.room.events && self.bytes < self.room.bytes
    }

    /// Counts how many of the events, of these sizes, may wait for the shards.
    pub(super) fn fit(&self, sizes: impl Iterator<Item = usize>) -> usize {
        let mut left = self.room.bytes.saturating_sub(self.bytes);
        let room = self.room.events.saturating_sub(self.pending.len());
        let fit = sizes.take(room).take_while(|size| {
            let fits = left > 0;
            left = left.saturating_sub(*size);
            fits
        });
        fit.count()
    }

    /// Adds an event; `bounds` is asked for the first of a topic.
    pub(super) fn publish(&mut self, event: Event, bounds: impl FnOnce(&str) -> Bounds) -> u64 {
        self.head += 1;
        let record = Arc::new(Record::new(self.head, event));
        let topic = record.event.shared_topic();
        if let Some(history) = self.histories.get_mut(topic) {
            history.push(&record);
        } else {
            let mut history = History {
                records: VecDeque::new(),
                bytes: 0,
                bounds: bounds(topic),
                evicted: self.forgotten,
                last: 0,
            };
            history.push(&record);
            self.histories.insert(topic.clone(), history);
            self.forget_the_quietest();
        }
        self.bytes += record.event.size();
        self.pending.push_back(record);
        self.head
    }

    /// Forgets a quarter of the topics when there are too many, so that one of them costs little.
    fn forget_the_quietest(&mut self) {
        if self.histories.len() <= self.max_topics {
            return;
        }
        let mut last: Vec<u64> = self
            .histories
            .values()
            .map(|history| history.last)
            .collect();
        let (_, &mut newest, _) = last.select_nth_unstable(self.max_topics / 4);
        self.histories.retain(|_, history| history.last > newest);
        self.forgotten = newest;
    }

    /// Gives the last event that the shard took.
    pub(super) fn position(&self, shard: usize) -> u64 {
        self.taken[shard]
    }

    /// Takes the next events for a shard, at most `most` of them; the last one may exceed the bytes.
    ///
    /// Tells whether there is room now that was not there before.
    pub(super) fn take(&mut self, shard: usize, most: Bounds, into: &mut Vec<Arc<Record>>) -> bool {
        let first = self.head - self.pending.len() as u64;
        let start = usize::try_from(self.taken[shard] - first).unwrap_or(usize::MAX);
        let mut bytes = 0;
        for record in self.pending.iter().skip(start).take(most.events) {
            if bytes >= most.bytes {
                break;
            }
            bytes += record.event.size();
            self.taken[shard] = record.offset;
            into.push(record.clone());
        }
        let full = !self.has_room();
        self.trim();
        full && self.has_room()
    }

    fn trim(&mut self) {
        let slowest = self.taken.iter().copied().min().unwrap_or(self.head);
        while let Some(record) = self.pending.pop_front_if(|record| record.offset <= slowest) {
            self.bytes -= record.event.size();
        }
    }

    /// Whether the shard has taken everything.
    pub(super) fn is_taken(&self, shard: usize) -> bool {
        self.taken[shard] == self.head
    }

    /// Collects the events of a topic after `after` that the shard has taken; what it has not comes to it in time.
    ///
    /// `false` if some of them may be missing: they are forgotten, or `after` is yet to come.
    pub(super) fn missed(
        &self,
        shard: usize,
        topic: &str,
        after: u64,
        into: &mut Vec<Arc<Record>>,
    ) -> bool {
        let taken = self.taken[shard];
        let (evicted, records) = match self.histories.get(topic) {
            Some(history) => (history.evicted, Some(&history.records)),
            None => (self.forgotten, None),
        };
        // What is evicted and not taken is still pending.
        if after > self.head || after < evicted.min(taken) {
            return false;
        }
        let Some(records) = records else {
            return true;
        };
        let start = records.partition_point(|record| record.offset <= after);
        let end = records.partition_point(|record| record.offset <= taken);
        into.extend(records.range(start..end.max(start)).cloned());
        true
    }

    /// Gives the newest events of a topic that the shard has taken and the topic remembers, at most so many.
    pub(super) fn newest(&self, shard: usize, topic: &str, most: usize) -> Vec<Arc<Record>> {
        let Some(History { records, .. }) = self.histories.get(topic) else {
            return Vec::new();
        };
        let end = records.partition_point(|record| record.offset <= self.taken[shard]);
        records
            .range(end.saturating_sub(most)..end)
            .cloned()
            .collect()
    }
}
