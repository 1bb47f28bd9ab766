//! A reader that ends at a limit.

use std::io::{self, Read};

/// Reads at most so many bytes, and remembers whether there were more.
pub(super) struct Bounded<R> {
    source: R,
    left: usize,
    is_cut: bool,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(source: R, limit: usize) -> Self {
        Self {
            source,
            left: limit,
            is_cut: false,
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.is_cut |= self.source.read(&mut [0])? > 0;
            return Ok(0);
        }
        let room = buffer.len().min(self.left);
        let count = self.source.read(&mut buffer[..room])?;
        self.left -= count;
        Ok(count)
    }
}
