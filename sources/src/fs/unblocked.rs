//! A reader that blocks, read on another thread.

use std::{
    io::{self, Read},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::trip::Trip;

/// Bytes that are read at once: every read is a trip to another thread, so it should be worth it.
const AT_ONCE: usize = 256 * 1024;

/// Reads on another thread, where it holds up no other task.
pub(super) struct Unblocked {
    trip: Trip<Work>,
    /// How much of what was read was taken.
    taken: usize,
}

struct Work {
    reader: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    /// How much of `bytes` was read at last.
    read: usize,
    error: Option<io::Error>,
    at_end: bool,
}

impl Unblocked {
    /// Reads what the reader begins with. Blocks.
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        let mut work = Work {
            reader,
            bytes: vec![0; AT_ONCE],
            read: 0,
            error: None,
            at_end: false,
        };
        work.read();
        Self {
            trip: Trip::new(work),
            taken: 0,
        }
    }
}

impl Work {
    /// Takes what is there, and does not wait until it is much: a pipe may have no more for long.
    fn read(&mut self) {
        let read = loop {
            match self.reader.read(&mut self.bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.at_end = matches!(read, Ok(0) | Err(_));
        self.read = *read.as_ref().unwrap_or(&0);
        self.error = read.err();
    }
}

impl AsyncBufRead for Unblocked {
    fn poll_fill_buf(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let Self { trip, taken } = self.get_mut();
        let work = ready!(trip.poll_here(task));
        if *taken == work.read && !work.at_end {
            *taken = 0;
            trip.begin(Work::read);
        }
        let work = ready!(trip.poll_here(task));
        match work.error.take() {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(Ok(&work.bytes[*taken..work.read])),
        }
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
