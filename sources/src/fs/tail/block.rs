//! Whole lines that were read at once: the thread that reads finds out where the last one ends, the task cuts them.

use std::sync::Arc;

use memchr::memchr;

use super::{error::TailError, event::Event, line::Line, position::Stamp};

pub(super) struct Block {
    stamp: Arc<Stamp>,
    /// Where in the file `bytes` begins.
    start: u64,
    /// Ends with the end of a line.
    bytes: Vec<u8>,
    /// How much of `bytes` was cut off, or is not wanted.
    cut: usize,
}

impl Block {
    pub(super) fn new(stamp: Arc<Stamp>, start: u64, bytes: Vec<u8>, unwanted: usize) -> Self {
        Self {
            stamp,
            start,
            bytes,
            cut: unwanted,
        }
    }

    /// Cuts the next line off; one that is too long is told instead.
    #[inline]
    pub(super) fn cut(&mut self, max_length: usize) -> Option<Event> {
        let rest = &self.bytes[self.cut..];
        let line = &rest[..memchr(b'\n', rest)?];
        let start = self.start + self.cut as u64;
        self.cut += line.len() + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > max_length {
            return Some(self.too_long(start, max_length));
        }
        Some(Event::Line(Line {
            stamp: Arc::clone(&self.stamp),
            start,
            end: self.start + self.cut as u64,
            bytes: line.to_vec(),
            ended: true,
        }))
    }

    #[cold]
    fn too_long(&self, offset: u64, limit: usize) -> Event {
        let path = self.stamp.path.to_path_buf();
        let error = TailError::TooLong {
            path,
            offset,
            limit,
        };
        Event::Trouble(error)
    }

    /// Gives the room back, to be read into again.
    pub(super) fn into_room(self) -> Vec<u8> {
        self.bytes
    }
}
