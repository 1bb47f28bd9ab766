//! One open file: reads on where it grew, and cuts lines.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::Arc,
};

use memchr::memchr;
use tokio::time::Instant;

use super::{
    error::TailError,
    event::Event,
    line::Line,
    position::{FileId, Head, Position, Stamp, modified},
};

/// Bytes that are read at once: every look is a trip to another thread, so it should be worth it.
const AT_ONCE: u64 = 256 * 1024;

/// Where to begin in a file.
#[derive(Clone, Copy)]
pub(super) enum At {
    Start,
    End,
}

pub(super) struct OpenFile {
    file: File,
    pub(super) stamp: Arc<Stamp>,
    /// The first bytes, as far as they were there.
    head: Vec<u8>,
    /// What was read; lines were cut off before `begin`, and there is no end of a line before `scanned`.
    bytes: Vec<u8>,
    begin: usize,
    scanned: usize,
    /// The end of `bytes` in the file.
    read_to: u64,
    /// As it was seen last.
    length: u64,
    /// In the middle of a line that does not come.
    skipping: bool,
    /// Whether everything was read when it was looked at last.
    pub(super) at_end: bool,
    /// When the path began to lead elsewhere, or when it grew after that.
    pub(super) left: Option<Instant>,
}

impl OpenFile {
    pub(super) fn open(followed: &Arc<Path>, actual: &Path, at: At) -> io::Result<Self> {
        let mut file = File::open(actual)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let head = read_head(&mut file)?;
        let length = metadata.len();
        let offset = match at {
            At::Start => 0,
            At::End => length,
        };
        let skipping = matches!(at, At::End) && !ends_a_line(&mut file, length)?;
        let stamp = Stamp {
            path: Arc::clone(followed),
            file: FileId::of(&metadata),
            head: Head::of(&head),
            modified: modified(&metadata),
        };
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            file,
            stamp: Arc::new(stamp),
            head,
            bytes: Vec::new(),
            begin: 0,
            scanned: 0,
            read_to: offset,
            length,
            skipping,
            at_end: false,
            left: None,
        })
    }

    /// Goes to a position that was saved, if it is one in this file.
    pub(super) fn go_to(&mut self, position: &Position) -> io::Result<bool> {
        if self.length < position.offset || !position.head.begins(&self.head) {
            return Ok(false);
        }
        self.file.seek(SeekFrom::Start(position.offset))?;
        self.read_to = position.offset;
        Ok(true)
    }

    pub(super) fn position(&self) -> Position {
        self.stamp.at(self.read_to)
    }

    pub(super) fn is_read_to_the_end(&self) -> bool {
        self.read_to == self.length
    }

    /// Reads on, a piece at most; tells whether there was anything. Only to be called when all lines are cut.
    pub(super) fn read(&mut self, events: &mut impl Extend<Event>) -> io::Result<bool> {
        let metadata = self.file.metadata()?;
        let (length, modified) = (metadata.len(), modified(&metadata));
        let changed = length != self.length || modified != self.stamp.modified;
        if changed {
            let head = read_head(&mut self.file)?;
            if length < self.read_to || !self.stamp.head.begins(&head) {
                self.start_over(events);
            }
            self.file.seek(SeekFrom::Start(self.read_to))?;
            self.stamp = Arc::new(Stamp {
                path: Arc::clone(&self.stamp.path),
                file: self.stamp.file,
                head: Head::of(&head),
                modified,
            });
            self.head = head;
            self.length = length;
        }
        let read = (&mut self.file)
            .take(AT_ONCE)
            .read_to_end(&mut self.bytes)? as u64;
        self.read_to += read;
        self.length = self.length.max(self.read_to);
        self.at_end = read < AT_ONCE;
        Ok(read > 0)
    }

    /// It was truncated, or written anew: nothing of what was known holds.
    fn start_over(&mut self, events: &mut impl Extend<Event>) {
        events.extend(self.rest().map(Event::Line));
        let unread = self.length.saturating_sub(self.read_to);
        if unread > 0 {
            let path = self.stamp.path.to_path_buf();
            events.extend([Event::Trouble(TailError::Truncated { path, unread })]);
        }
        self.bytes.clear();
        self.begin = 0;
        self.scanned = 0;
        self.read_to = 0;
        self.skipping = false;
    }

    /// Tells whether there are whole lines that are not cut off.
    pub(super) fn has_lines(&self) -> bool {
        memchr(b'\n', &self.bytes[self.scanned..]).is_some()
    }

    /// Cuts the next line off.
    pub(super) fn cut(&mut self, max_length: usize) -> Option<Event> {
        loop {
            let Some(length) = memchr(b'\n', &self.bytes[self.scanned..]) else {
                return self.rest_is_too_long(max_length);
            };
            let end = self.scanned + length;
            let (start, bytes) = (self.offset(self.begin), &self.bytes[self.begin..end]);
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            let event = if bytes.len() > max_length {
                self.too_long(start, max_length)
            } else {
                Event::Line(Line {
                    stamp: Arc::clone(&self.stamp),
                    start,
                    end: self.offset(end + 1),
                    bytes: bytes.to_vec(),
                    ended: true,
                })
            };
            self.begin = end + 1;
            self.scanned = self.begin;
            if !std::mem::take(&mut self.skipping) {
                return Some(event);
            }
        }
    }

    /// There is no end of a line: keeps what may become one, within bounds.
    fn rest_is_too_long(&mut self, max_length: usize) -> Option<Event> {
        self.bytes.drain(..self.begin);
        self.begin = 0;
        self.scanned = self.bytes.len();
        // One more than the limit may be the first half of a `\r\n`.
        let event = if !self.skipping && self.bytes.len() > max_length.saturating_add(1) {
            self.skipping = true;
            Some(self.too_long(self.offset(0), max_length))
        } else {
            None
        };
        if self.skipping {
            self.bytes.clear();
            self.scanned = 0;
        }
        event
    }

    /// Takes the line that has no end yet, as it is.
    pub(super) fn rest(&mut self) -> Option<Line> {
        if self.skipping || self.begin == self.bytes.len() {
            return None;
        }
        let line = Line {
            stamp: Arc::clone(&self.stamp),
            start: self.offset(self.begin),
            end: self.read_to,
            bytes: self.bytes.split_off(self.begin),
            ended: false,
        };
        self.scanned = self.begin;
        Some(line)
    }

    fn too_long(&self, offset: u64, limit: usize) -> Event {
        let path = self.stamp.path.to_path_buf();
        Event::Trouble(TailError::TooLong {
            path,
            offset,
            limit,
        })
    }

    /// Where in the file an index into `bytes` is.
    fn offset(&self, index: usize) -> u64 {
        self.read_to - (self.bytes.len() - index) as u64
    }
}

fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(u64::from(Head::LENGTH)).read_to_end(&mut head)?;
    Ok(head)
}

fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(true);
    };
    let mut byte = Vec::new();
    file.seek(SeekFrom::Start(last))?;
    file.take(1).read_to_end(&mut byte)?;
    Ok(byte == *b"\n")
}
