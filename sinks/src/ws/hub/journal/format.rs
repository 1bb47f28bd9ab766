//! The bytes of a journal: records, each whole or not there at all. No I/O.

use std::sync::Arc;

use super::super::{event::Event, log::TopicState};

/// What a journal begins with; the last byte is the version of the format.
pub(super) const MAGIC: [u8; 8] = *b"twhub\r\n1";

/// What stands before the content of a record: its length, a checksum of it, and one of these two.
const FRAME: usize = 16;

const START: u8 = 1;
const TOPIC: u8 = 2;
const EVENT: u8 = 3;
const LIVE: u8 = 4;
const END: u8 = 5;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The first: whose events these are, and where they stood when the file was made.
    Start {
        epoch: Arc<str>,
        /// The run of the system in which it was made.
        boot: String,
        head: u64,
        forgotten: u64,
    },
    Topic(TopicState),
    Event {
        offset: u64,
        event: Event,
    },
    /// What was remembered when the file was made ends here; what comes after it came later.
    Live,
    /// The hub was closed, and everything before this is on the disk.
    End,
}

/// Appends a record.
pub(super) fn put(entry: &Entry, out: &mut Vec<u8>) {
    match entry {
        Entry::Start {
            epoch,
            boot,
            head,
            forgotten,
        } => framed(START, out, |out| {
            put_text(epoch, out);
            put_text(boot, out);
            put_number(*head, out);
            put_number(*forgotten, out);
        }),
        Entry::Topic(topic) => framed(TOPIC, out, |out| {
            put_text(&topic.name, out);
            put_number(topic.evicted, out);
            put_number(topic.last, out);
        }),
        Entry::Event { offset, event } => put_event(*offset, event, out),
        Entry::Live => framed(LIVE, out, |_| {}),
        Entry::End => framed(END, out, |_| {}),
    }
}

/// Appends the record of an event.
pub(super) fn put_event(offset: u64, event: &Event, out: &mut Vec<u8>) {
    framed(EVENT, out, |out| {
        put_number(offset, out);
        put_text(event.topic(), out);
        put_text(event.data(), out);
        if let Some(key) = event.key() {
            put_text(key, out);
        }
    });
}

fn framed(kind: u8, out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; FRAME]);
    out.push(kind);
    content(out);
    let (frame, content) = out[start..].split_at_mut(FRAME);
    frame[..8].copy_from_slice(&(content.len() as u64).to_le_bytes());
    frame[8..12].copy_from_slice(&crc32fast::hash(content).to_le_bytes());
    let checksum = crc32fast::hash(&frame[..12]);
    frame[12..].copy_from_slice(&checksum.to_le_bytes());
}

fn put_number(number: u64, out: &mut Vec<u8>) {
    out.extend(number.to_le_bytes());
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_number(text.len() as u64, out);
    out.extend(text.as_bytes());
}

/// A record is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// Takes the next record off the front; `None` at the end, and at a record that was not written to its end.
pub(super) fn take(bytes: &mut &[u8]) -> Result<Option<Entry>, Damaged> {
    let Some((frame, rest)) = bytes.split_first_chunk::<FRAME>() else {
        return Ok(None);
    };
    let mut fields = Fields(frame);
    let (length, checksum, own) = fields.frame().ok_or(Damaged)?;
    if crc32fast::hash(&frame[..12]) != own {
        return Err(Damaged);
    }
    let Some((content, rest)) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
    else {
        return Ok(None);
    };
    if crc32fast::hash(content) != checksum {
        return Err(Damaged);
    }
    *bytes = rest;
    Fields(content).entry().map(Some).ok_or(Damaged)
}

/// What a record consists of.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    fn frame(&mut self) -> Option<(u64, u32, u32)> {
        let length = self.number()?;
        let checksum = u32::from_le_bytes(self.array()?);
        Some((length, checksum, u32::from_le_bytes(self.array()?)))
    }

    fn entry(&mut self) -> Option<Entry> {
        let [kind] = self.array()?;
        let entry = match kind {
            START => Entry::Start {
                epoch: self.text()?.into(),
                boot: self.text()?.to_owned(),
                head: self.number()?,
                forgotten: self.number()?,
            },
            TOPIC => Entry::Topic(TopicState {
                name: self.text()?.into(),
                evicted: self.number()?,
                last: self.number()?,
            }),
            EVENT => {
                let offset = self.number()?;
                let topic: Arc<str> = self.text()?.into();
                let mut event = Event::raw(topic, self.text()?.to_owned());
                if !self.0.is_empty() {
                    event = event.with_key(self.text()?);
                }
                Entry::Event { offset, event }
            }
            LIVE => Entry::Live,
            END => Entry::End,
            _ => return None,
        };
        self.0.is_empty().then_some(entry)
    }
}
