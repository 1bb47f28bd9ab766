//! What a journal has to keep of the log, and the log made of it again.

use std::{collections::VecDeque, sync::Arc};

use super::{
    super::event::{Event, Record},
    Bounds, History, Log,
};

/// What is remembered of a topic beside its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct TopicState {
    pub(in super::super) name: Arc<str>,
    /// The newest event that is not remembered any more.
    pub(in super::super) evicted: u64,
    pub(in super::super) last: u64,
}

/// All that a log remembers.
pub(in super::super) struct Snapshot {
    pub(in super::super) head: u64,
    pub(in super::super) forgotten: u64,
    pub(in super::super) topics: Vec<TopicState>,
    /// Events of all topics, in order.
    pub(in super::super) records: Vec<Arc<Record>>,
}

impl Log {
    pub(in super::super) fn snapshot(&self) -> Snapshot {
        let topics = self.histories.iter().map(|(name, history)| TopicState {
            name: name.clone(),
            evicted: history.evicted,
            last: history.last,
        });
        let records = self.histories.values().flat_map(|history| &history.records);
        let mut records: Vec<_> = records.cloned().collect();
        records.sort_unstable_by_key(|record| record.offset);
        Snapshot {
            head: self.head,
            forgotten: self.forgotten,
            topics: topics.collect(),
            records,
        }
    }

    /// Starts anew where a snapshot was taken.
    pub(in super::super) fn recall(&mut self, head: u64, forgotten: u64) {
        self.head = head;
        self.forgotten = forgotten;
        self.taken.fill(head);
    }

    /// Remembers a topic of a snapshot.
    pub(in super::super) fn recall_topic(&mut self, topic: TopicState, bounds: Bounds) {
        let history = History {
            records: VecDeque::new(),
            bytes: 0,
            bounds,
            evicted: topic.evicted,
            last: topic.last,
        };
        self.histories.insert(topic.name, history);
    }

    /// Remembers an event: one of the snapshot, or the next after it, which all shards have taken then.
    ///
    /// `false` if it is neither.
    pub(in super::super) fn recall_event(
        &mut self,
        offset: u64,
        event: Event,
        bounds: impl FnOnce(&str) -> Bounds,
    ) -> bool {
        if offset > self.head {
            if offset - self.head > 1 {
                return false;
            }
            self.publish(event, bounds);
            self.pending.clear();
            self.bytes = 0;
            self.taken.fill(self.head);
            return true;
        }
        let Some(history) = self.histories.get_mut(event.shared_topic()) else {
            return false;
        };
        let newest = history
            .records
            .back()
            .map_or(history.evicted, |record| record.offset);
        let is_next = newest < offset;
        if is_next {
            let last = history.last;
            history.push(&Arc::new(Record::new(offset, event)));
            history.last = last;
        }
        is_next
    }
}
