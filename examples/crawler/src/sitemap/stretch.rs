//! What an XML parser may be given of a file that nobody vouches for.

use std::io::{self, BufRead, Read};

/// What is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// The longest stretch without a tag, in bytes: a parser holds it as a whole.
const LONGEST: usize = 1024 * 1024;

/// Reads valid UTF-8, with a `?` for each byte that is not, and ends where no tag comes for too long.
pub(super) struct Stretches<R> {
    source: R,
    buffer: Vec<u8>,
    /// How much of the buffer is handed out already.
    start: usize,
    /// How much of it is valid.
    end: usize,
    since_tag: usize,
}

impl<R: Read> Stretches<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            since_tag: 0,
        }
    }

    /// Tells whether no tag came for too long.
    pub(super) fn is_cut(&self) -> bool {
        self.since_tag > LONGEST
    }

    fn refill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.end);
        (self.start, self.end) = (0, 0);
        let kept = self.buffer.len();
        let read = (&mut self.source)
            .take(CHUNK as u64)
            .read_to_end(&mut self.buffer)?;
        // A letter that the chunk cuts through waits for its rest, unless there is none.
        self.end = make_valid(&mut self.buffer, read == 0 && kept > 0);
        self.since_tag = match memchr::memrchr(b'<', &self.buffer[..self.end]) {
            Some(tag) => self.end - tag,
            None => self.since_tag + self.end,
        };
        Ok(())
    }
}

/// Puts a `?` in the place of each byte that is not UTF-8, and tells how much of the text is.
fn make_valid(text: &mut [u8], is_end: bool) -> usize {
    let mut valid = 0;
    while let Err(error) = str::from_utf8(&text[valid..]) {
        valid += error.valid_up_to();
        let length = match error.error_len() {
            Some(length) => length,
            None if is_end => text.len() - valid,
            None => return valid,
        };
        text[valid..valid + length].fill(b'?');
        valid += length;
    }
    text.len()
}

impl<R: Read> Read for Stretches<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Stretches<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end && !self.is_cut() {
            self.refill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}
