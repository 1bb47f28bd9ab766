//! What a client that is slower than its events has still to get, and what becomes of it when that is too much. No I/O.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io::IoSlice,
    sync::Arc,
    time::Duration,
};

use bytes::{Buf, Bytes};

use super::{
    event::Record,
    log::Bounds,
    wire::{Form, Id, Notice},
};

/// What becomes of a client when more waits for it than may, see [`Builder::backlog`](super::Builder::backlog).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlowClients {
    /// It misses the oldest events that wait for it, and is told how many.
    #[default]
    DropOldest,
    /// It misses what comes while there is no room, and is told how many.
    DropIncoming,
    /// A newer event stands in for one of the same topic and [key](super::Event::with_key) that waits, at its place and with
    /// its id; the client is told how many it misses. What has no key, or finds no room, is as in `DropOldest`.
    Conflate,
    /// It is disconnected with code 1013; when it connects anew, it can ask for what it missed.
    Disconnect,
    /// It holds back the flow, and so all other clients, for as long as this; if there is no room then, it is disconnected
    /// with code 1013. Nothing is lost on the way to those that stay.
    Wait(Duration),
}

impl SlowClients {
    /// Whether the events of others may not be dropped for the sake of this one's.
    fn is_lossy(self) -> bool {
        matches!(self, Self::DropOldest | Self::Conflate)
    }
}

/// Frames that are written at once, at most, and bytes of them, about.
pub(super) const AT_ONCE: Bounds = Bounds {
    events: 64,
    bytes: 16 * 1024,
};

/// Answers that may wait for a client that does not read them.
const MAX_NOTICES: usize = 1024;

/// What came of an event for a client with a backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits; so many events were dropped for it, maybe itself.
    Kept { dropped: u64 },
    /// There is no room, and nothing may be dropped.
    Full,
}

#[derive(Debug)]
enum Entry {
    Live(Live),
    /// An event that the client missed and asked for: it does not count for the bounds, for it is in the history.
    Missed(Arc<Record>),
    Gap {
        topic: Arc<str>,
        dropped: u64,
        last: u64,
    },
    Notice(Bytes),
}

#[derive(Debug)]
struct Live {
    record: Arc<Record>,
    /// Where it stands in the order of events: before its own place, if it stands in for older ones.
    offset: u64,
    lossy: bool,
    superseded: u64,
    last_superseded: u64,
}

/// What waits for a client, in order.
#[derive(Debug)]
pub(super) struct Backlog {
    bounds: Bounds,
    /// On their way: the first may be written in part, none is taken back.
    frames: VecDeque<Bytes>,
    /// The answer to the last ping.
    pong: Option<Bytes>,
    entries: BTreeMap<u64, Entry>,
    next: u64,
    /// No event before this one may be dropped.
    oldest: u64,
    events: usize,
    bytes: usize,
    notices: usize,
    /// Gaps that can still grow, by topic.
    gaps: HashMap<Arc<str>, u64>,
    /// Events that a newer one can stand in for.
    keyed: HashMap<(Arc<str>, Arc<str>), u64>,
}

impl Backlog {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            frames: VecDeque::new(),
            pong: None,
            entries: BTreeMap::new(),
            next: 0,
            oldest: 0,
            events: 0,
            bytes: 0,
            notices: 0,
            gaps: HashMap::new(),
            keyed: HashMap::new(),
        }
    }

    /// Puts bytes first that are on their way already: the rest of a frame.
    pub(super) fn begin(&mut self, rest: Bytes) {
        self.frames.push_back(rest);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.pong.is_none() && self.entries.is_empty()
    }

    /// Whether there is no room for one more event.
    pub(super) fn is_full(&self) -> bool {
        self.events > 0 && (self.events >= self.bounds.events || self.bytes >= self.bounds.bytes)
    }

    fn append(&mut self, entry: Entry) -> u64 {
        let place = self.next;
        self.next += 1;
        self.entries.insert(place, entry);
        place
    }

    /// Adds an event. If the policy is to wait it is kept in any case: whoever waits does so before the next.
    pub(super) fn push(&mut self, record: &Arc<Record>, policy: SlowClients) -> Pushed {
        if policy == SlowClients::Conflate && self.supersede(record) {
            return Pushed::Kept { dropped: 1 };
        }
        let mut dropped = 0;
        while self.is_full() {
            match policy {
                SlowClients::Wait(_) => break,
                SlowClients::Disconnect => return Pushed::Full,
                SlowClients::DropOldest | SlowClients::Conflate if self.drop_oldest() => {
                    dropped += 1;
                }
                _ => {
                    self.grow_gap(record, None);
                    return Pushed::Kept {
                        dropped: dropped + 1,
                    };
                }
            }
        }
        if policy == SlowClients::DropIncoming {
            self.gaps.remove(record.event.shared_topic());
        }
        self.events += 1;
        self.bytes += record.event.size();
        let place = self.append(Entry::Live(Live {
            record: record.clone(),
            offset: record.offset,
            lossy: policy.is_lossy(),
            superseded: 0,
            last_superseded: 0,
        }));
        if let (SlowClients::Conflate, Some(key)) = (policy, record.event.shared_key()) {
            let about = (record.event.shared_topic().clone(), key.clone());
            self.keyed.insert(about, place);
        }
        Pushed::Kept { dropped }
    }

    /// Lets the event stand in for an older one of its key.
    fn supersede(&mut self, record: &Arc<Record>) -> bool {
        let Some(key) = record.event.shared_key() else {
            return false;
        };
        let about = (record.event.shared_topic().clone(), key.clone());
        let Some(place) = self.keyed.get(&about) else {
            return false;
        };
        let Some(Entry::Live(live)) = self.entries.get_mut(place) else {
            return false;
        };
        self.bytes = self.bytes - live.record.event.size() + record.event.size();
        live.superseded += 1;
        live.last_superseded = live.record.offset;
        live.record = record.clone();
        true
    }

    /// Drops the oldest event that may be dropped; `false` if there is none.
    fn drop_oldest(&mut self) -> bool {
        let found = self
            .entries
            .range(self.oldest..)
            .find_map(|(&place, entry)| match entry {
                Entry::Live(live) if live.lossy => Some(place),
                _ => None,
            });
        let Some(place) = found else {
            self.oldest = self.next;
            return false;
        };
        self.oldest = place + 1;
        if let Some(Entry::Live(live)) = self.entries.remove(&place) {
            self.left(&live, place);
            // What it stood in for is missed as well.
            self.grow_gap(&live.record, Some(place));
            if live.superseded > 0
                && let Some(Entry::Gap { dropped, .. }) = self.gap(live.record.event.topic())
            {
                *dropped += live.superseded;
            }
        }
        true
    }

    /// Settles the accounts of an event that leaves.
    fn left(&mut self, live: &Live, place: u64) {
        self.events -= 1;
        self.bytes -= live.record.event.size();
        if let Some(key) = live.record.event.shared_key()
            && !self.keyed.is_empty()
        {
            let about = (live.record.event.shared_topic().clone(), key.clone());
            if self.keyed.get(&about) == Some(&place) {
                self.keyed.remove(&about);
            }
        }
    }

    fn gap(&mut self, topic: &str) -> Option<&mut Entry> {
        self.entries.get_mut(self.gaps.get(topic)?)
    }

    /// Counts an event that is missed, in the gap of its topic: a new one at `place`, or at the end.
    fn grow_gap(&mut self, record: &Record, place: Option<u64>) {
        let topic = record.event.shared_topic();
        if let Some(Entry::Gap { dropped, last, .. }) = self.gap(topic) {
            *dropped += 1;
            *last = record.offset.max(*last);
            return;
        }
        let gap = Entry::Gap {
            topic: topic.clone(),
            dropped: 1,
            last: record.offset,
        };
        let place = match place {
            Some(place) => {
                self.entries.insert(place, gap);
                place
            }
            None => self.append(gap),
        };
        self.gaps.insert(topic.clone(), place);
    }

    /// Adds an event that the client missed and asked for.
    pub(super) fn push_missed(&mut self, record: Arc<Record>) {
        self.append(Entry::Missed(record));
    }

    /// Adds a frame that is no event; `false` if the client leaves too many of them unread.
    pub(super) fn push_notice(&mut self, frame: Bytes) -> bool {
        self.notices += 1;
        self.append(Entry::Notice(frame));
        self.notices <= MAX_NOTICES
    }

    /// Sets the answer to a ping, in place of one that is not sent.
    pub(super) fn set_pong(&mut self, frame: Bytes) {
        self.pong = Some(frame);
    }

    /// Gives up everything that is not on its way.
    pub(super) fn clear(&mut self) -> u64 {
        let events = self.events as u64;
        let frames = std::mem::take(&mut self.frames);
        *self = Self::new(self.bounds);
        // Only a frame that is begun has to be finished; whether it is, only the first can tell.
        self.frames.extend(frames.into_iter().take(1));
        events
    }

    /// Puts the next frames on their way, if none are; gives how many events those are.
    pub(super) fn stage(&mut self, form: Form, epoch: &str) -> u64 {
        if !self.frames.is_empty() {
            return 0;
        }
        self.frames.extend(self.pong.take());
        let (mut events, mut bytes) = (0, 0);
        while self.frames.len() < AT_ONCE.events && bytes < AT_ONCE.bytes {
            let Some((place, entry)) = self.entries.pop_first() else {
                break;
            };
            match entry {
                Entry::Live(live) => {
                    self.left(&live, place);
                    events += 1;
                    let topic = live.record.event.topic();
                    if live.superseded > 0 {
                        self.stage_gap(topic, live.superseded, live.last_superseded, form, epoch);
                    }
                    self.frames.push_back(if live.offset == live.record.offset {
                        live.record.frame(form, epoch).clone()
                    } else {
                        super::wire::event(form, epoch, live.offset, &live.record.event)
                    });
                }
                Entry::Missed(record) => {
                    events += 1;
                    self.frames.push_back(record.frame(form, epoch).clone());
                }
                Entry::Gap {
                    topic,
                    dropped,
                    last,
                } => {
                    if self.gaps.get(&topic) == Some(&place) {
                        self.gaps.remove(&topic);
                    }
                    self.stage_gap(&topic, dropped, last, form, epoch);
                }
                Entry::Notice(frame) => {
                    self.notices -= 1;
                    self.frames.push_back(frame);
                }
            }
            bytes += self.frames.back().map_or(0, Bytes::len);
        }
        events
    }

    fn stage_gap(&mut self, topic: &str, dropped: u64, offset: u64, form: Form, epoch: &str) {
        let gap = Notice::Gap {
            gap: topic,
            dropped,
            id: Id { epoch, offset },
        };
        let frame = gap.encode(form);
        if !frame.is_empty() {
            self.frames.push_back(frame);
        }
    }

    /// Gives the bytes that are on their way.
    pub(super) fn slices<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        let mut count = 0;
        for (slice, frame) in into.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(frame);
            count += 1;
        }
        count
    }

    /// Settles what was written.
    pub(super) fn written(&mut self, mut bytes: usize) {
        while let Some(frame) = self.frames.front_mut() {
            if bytes < frame.len() {
                frame.advance(bytes);
                return;
            }
            bytes -= frame.len();
            self.frames.pop_front();
        }
    }
}
