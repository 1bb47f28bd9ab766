//! The bytes of the log: a head, and commits.
//!
//! A commit is what happened between two moments, whole or not there at all: its length, a checksum, and records.

use super::super::bytes::{Bytes, put_bytes, put_number, step, stepped};
use super::super::fingerprint::{Fingerprint, Key};
use super::super::texts::Before;
use super::super::trail::Trail;
use crate::crawl::visit::Visit;

/// What a log begins with.
const MAGIC: [u8; 8] = *b"thalweg\n";

/// The version of the format.
const VERSION: u32 = 1;

/// How long a head is.
pub(super) const HEAD: usize = 32;

/// How much stands before the records of a commit: their length, and the checksum over length and records.
pub(super) const FRAME: usize = 12;

/// The names of the numbers that follow; each is 0 so far.
const NAMES: u8 = 1;
/// How far each number has gone since it was last told.
const NUMBERS: u8 = 2;
/// A visit is done.
const DONE: u8 = 3;
/// URLs were found that are new.
const FOUND: u8 = 4;
/// URLs that are known; of a log that was compacted.
const KNOWN: u8 = 5;

/// The head of a log whose fingerprints have this key.
pub(super) fn head(key: Key) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[12..28].copy_from_slice(&key.0);
    let checksum = crc32fast::hash(&head[..28]);
    head[28..].copy_from_slice(&checksum.to_le_bytes());
    head
}

/// Why a head is not one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadHead {
    /// It is not that of a log, or it is damaged.
    Strange,
    /// It is that of a log in another version of the format.
    Version(u32),
}

/// Reads the head of a log: the key of its fingerprints.
pub(super) fn read_head(head: [u8; HEAD]) -> Result<Key, BadHead> {
    let mut bytes = Bytes(&head);
    let read = (bytes.array(), bytes.array(), bytes.array(), bytes.array());
    let (Some(magic), Some(version), Some(key), Some(checksum)) = read else {
        return Err(BadHead::Strange);
    };
    if magic != MAGIC || crc32fast::hash(&head[..28]) != u32::from_le_bytes(checksum) {
        return Err(BadHead::Strange);
    }
    match u32::from_le_bytes(version) {
        VERSION => Ok(Key(key)),
        other => Err(BadHead::Version(other)),
    }
}

/// A commit that is being made.
#[derive(Debug)]
pub(super) struct Commit {
    bytes: Vec<u8>,
    done: u64,
}

impl Commit {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; FRAME],
            done: 0,
        }
    }

    /// How long it is so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn done(&mut self, id: u64) {
        self.bytes.push(DONE);
        put_number(&mut self.bytes, step(self.done, id));
        self.done = id;
    }

    pub(super) fn found(&mut self, found: &Found) {
        self.bytes.push(FOUND);
        put_bytes(&mut self.bytes, &found.bytes);
    }

    pub(super) fn known(&mut self, urls: &[Fingerprint]) {
        self.bytes.push(KNOWN);
        put_number(&mut self.bytes, urls.len() as u64);
        for url in urls {
            self.bytes.extend_from_slice(&url.to_bytes());
        }
    }

    pub(super) fn names<'a>(&mut self, names: impl ExactSizeIterator<Item = &'a str>) {
        self.bytes.push(NAMES);
        put_number(&mut self.bytes, names.len() as u64);
        for name in names {
            put_bytes(&mut self.bytes, name.as_bytes());
        }
    }

    /// Tells how far each of the named numbers has gone.
    pub(super) fn numbers(&mut self, ways: impl Iterator<Item = (u64, u64)>) {
        self.bytes.push(NUMBERS);
        for (before, now) in ways {
            put_number(&mut self.bytes, step(before, now));
        }
    }

    /// The whole commit, as it is to be written.
    pub(super) fn finish(&mut self) -> &[u8] {
        let length = (self.bytes.len() - FRAME) as u64;
        self.bytes[..8].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(&self.bytes[..8], &self.bytes[FRAME..]);
        self.bytes[8..FRAME].copy_from_slice(&checksum.to_le_bytes());
        &self.bytes
    }

    /// Makes it an empty one.
    pub(super) fn clear(&mut self) {
        self.bytes.truncate(FRAME);
        // One large commit is no reason to keep its memory.
        self.bytes.shrink_to(1 << 20);
        self.done = 0;
    }
}

fn checksum(length: &[u8], records: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(records);
    hasher.finalize()
}

/// The length of the records that a frame announces.
pub(super) fn announced(frame: &[u8; FRAME]) -> u64 {
    let [length @ .., _, _, _, _] = *frame;
    u64::from_le_bytes(length)
}

/// Tells whether these are the records that the frame was made for.
pub(super) fn is_whole(frame: &[u8; FRAME], records: &[u8]) -> bool {
    checksum(&frame[..8], records).to_le_bytes() == frame[8..]
}

/// URLs that were found together, in bytes.
#[derive(Debug, Default)]
pub(in crate::crawl) struct Found {
    bytes: Vec<u8>,
    before: Before,
    id: u64,
}

impl Found {
    /// Writes down visits that were just found, those together that were come by alike.
    pub(in crate::crawl) fn all(visits: &[Visit]) -> Vec<Self> {
        let alike = visits.chunk_by(|one, next| {
            (one.depth, one.respelled, one.kind, &one.referrer)
                == (next.depth, next.respelled, next.kind, &next.referrer)
        });
        alike
            .filter_map(|visits| {
                let mut found = Self::new(&visits.first()?.trail());
                for visit in visits {
                    found.push(visit.id, visit.url.as_str(), visit.known_by);
                }
                Some(found)
            })
            .collect()
    }

    /// Begins with what the URLs have in common.
    pub(in crate::crawl::frontier) fn new(trail: &Trail) -> Self {
        let mut found = Self::default();
        trail.put(&mut found.bytes, &mut found.before);
        found
    }

    /// The id after the last one.
    pub(super) fn next_id(&self) -> u64 {
        self.id + 1
    }

    /// Adds a URL. It is known by its text, or else by this fingerprint.
    pub(in crate::crawl::frontier) fn push(
        &mut self,
        id: u64,
        url: &str,
        known_by: Option<Fingerprint>,
    ) {
        let way = step(self.id, id) << 1 | u64::from(known_by.is_some());
        put_number(&mut self.bytes, way);
        self.before.put(&mut self.bytes, url);
        if let Some(known_by) = known_by {
            self.bytes.extend_from_slice(&known_by.to_bytes());
        }
        self.id = id;
    }
}

/// A record of a commit.
#[derive(Debug)]
pub(super) enum Record<'a> {
    Names(Vec<&'a str>),
    /// Steps, as many as there are names.
    Numbers(Vec<u64>),
    Done(u64),
    Found(FoundUrls<'a>),
    Known(KnownUrls<'a>),
}

/// The records of a commit. An item is `None` where the bytes are not those of a record; nothing comes after it.
#[derive(Debug)]
pub(super) struct Records<'a> {
    bytes: Bytes<'a>,
    done: u64,
    /// How many numbers there are.
    names: usize,
}

impl<'a> Records<'a> {
    /// Reads the records of a commit, before which so many names were told.
    pub(super) fn new(records: &'a [u8], names: usize) -> Self {
        Self {
            bytes: Bytes(records),
            done: 0,
            names,
        }
    }

    fn record(&mut self) -> Option<Record<'a>> {
        let bytes = &mut self.bytes;
        Some(match bytes.byte()? {
            NAMES => {
                let count = bytes.number()?;
                let name = |_| str::from_utf8(bytes.bytes()?).ok();
                let names: Vec<&str> = (0..count).map(name).collect::<Option<_>>()?;
                self.names = names.len();
                Record::Names(names)
            }
            NUMBERS => {
                let numbers = (0..self.names).map(|_| bytes.number());
                Record::Numbers(numbers.collect::<Option<_>>()?)
            }
            DONE => {
                self.done = stepped(self.done, bytes.number()?);
                Record::Done(self.done)
            }
            FOUND => Record::Found(FoundUrls::new(bytes.bytes()?)?),
            KNOWN => {
                let count = bytes.number()?;
                let length = count.checked_mul(Fingerprint::LENGTH as u64)?;
                Record::Known(KnownUrls(Bytes(bytes.take(length)?)))
            }
            _ => return None,
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Option<Record<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_none() {
            self.bytes = Bytes(&[]);
        }
        Some(record)
    }
}

/// URLs that were found together.
#[derive(Debug)]
pub(super) struct FoundUrls<'a> {
    bytes: Bytes<'a>,
    before: Before,
    id: u64,
    pub(super) trail: Trail,
}

/// One of them.
#[derive(Debug)]
pub(super) struct FoundUrl<'a> {
    pub(super) id: u64,
    pub(super) url: &'a str,
    /// What it is known by, if that is not its text.
    pub(super) known_by: Option<Fingerprint>,
}

impl<'a> FoundUrls<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let (mut bytes, mut before) = (Bytes(bytes), Before::default());
        let trail = Trail::take(&mut bytes, &mut before)?;
        Some(Self {
            bytes,
            before,
            id: 0,
            trail,
        })
    }

    /// The next of them; none at the end, and where the bytes are not those of a URL.
    pub(super) fn next(&mut self) -> Option<FoundUrl<'_>> {
        let way = self.bytes.number()?;
        self.id = stepped(self.id, way >> 1);
        let url = self.before.take(&mut self.bytes)?;
        let known_by = match way & 1 {
            0 => None,
            _ => Some(Fingerprint::from_bytes(self.bytes.array()?)?),
        };
        Some(FoundUrl {
            id: self.id,
            url,
            known_by,
        })
    }
}

/// URLs of which only the fingerprints are left.
#[derive(Debug)]
pub(super) struct KnownUrls<'a>(Bytes<'a>);

impl Iterator for KnownUrls<'_> {
    type Item = Fingerprint;

    fn next(&mut self) -> Option<Fingerprint> {
        Fingerprint::from_bytes(self.0.array()?)
    }
}
