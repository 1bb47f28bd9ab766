//! A reader that blocks, read on another thread.

use std::{
    io::{self, Read},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::{input::Readable, trip::Trip};

/// Bytes that are read at once: every read is a trip to another thread, so it should be worth it.
const AT_ONCE: usize = 256 * 1024;

/// Reads on another thread, where it holds up no other task. Of a file, the next bytes are read while these are taken.
pub(super) struct Unblocked {
    trip: Trip<Work>,
    bytes: Vec<u8>,
    /// How many of `bytes` were read at last, and how many of those were taken.
    read: usize,
    taken: usize,
    /// Not a pipe, where a reading that nobody waits for may hold up the end of the program.
    is_file: bool,
}

struct Work {
    reader: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    /// What came of the last reading, until it is taken out.
    read: Option<io::Result<usize>>,
}

impl Unblocked {
    /// Reads what the reader begins with. Blocks.
    pub(super) fn new(Readable { reader, is_file }: Readable) -> Self {
        let mut work = Work {
            reader,
            bytes: vec![0; AT_ONCE],
            read: None,
        };
        work.read();
        Self {
            trip: Trip::new(work),
            bytes: Vec::new(),
            read: 0,
            taken: 0,
            is_file,
        }
    }
}

impl Work {
    /// Takes what is there, and does not wait until it is much: a pipe may have no more for long.
    fn read(&mut self) {
        self.bytes.resize(AT_ONCE, 0);
        self.read = loop {
            match self.reader.read(&mut self.bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break Some(read),
            }
        };
    }
}

impl AsyncBufRead for Unblocked {
    fn poll_fill_buf(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.taken == this.read {
            let work = ready!(this.trip.poll_here(task));
            let Some(read) = work.read.take() else {
                this.trip.begin(Work::read);
                continue;
            };
            std::mem::swap(&mut this.bytes, &mut work.bytes);
            (this.read, this.taken) = (read?, 0);
            if this.read == 0 {
                // The end stays the end.
                work.read = Some(Ok(0));
                break;
            }
            if this.is_file {
                this.trip.begin(Work::read);
            }
        }
        Poll::Ready(Ok(&this.bytes[this.taken..this.read]))
    }

    fn consume(mut self: Pin<&mut Self>, bytes: usize) {
        self.taken += bytes;
    }
}

/// Every reader with a buffer is one without.
impl AsyncRead for Unblocked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(task))?;
        let taken = bytes.len().min(into.remaining());
        into.put_slice(&bytes[..taken]);
        self.consume(taken);
        Poll::Ready(Ok(()))
    }
}
