//! Files in gzip or zstd, read as what was compressed.

use std::{
    error::Error,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll, ready},
};

use flate2::bufread::MultiGzDecoder;
use tokio::{
    io::{AsyncRead, ReadBuf},
    task::spawn_blocking,
};

use super::{input::Opened, trip::Trip};

/// Compressed bytes that are read, and plain bytes that are made, at once.
const AT_ONCE: usize = 64 * 1024;

/// Opens a file and looks at its first bytes; one that is neither gzip nor zstd is read as it is.
pub(super) async fn open(path: PathBuf) -> io::Result<Opened> {
    let opened = spawn_blocking(move || {
        let file = BufReader::with_capacity(AT_ONCE, File::open(path)?);
        Format::of(file)
    });
    let reader = opened.await.map_err(io::Error::other)??;
    Ok(Box::new(Unblocked {
        trip: Trip::new(Work {
            reader,
            piece: Vec::new(),
            error: None,
            at_end: false,
        }),
        begun: 0,
    }))
}

struct Format;

impl Format {
    fn of(mut file: BufReader<File>) -> io::Result<Box<dyn Read + Send>> {
        Ok(match *file.fill_buf()? {
            [0x1f, 0x8b, ..] => Box::new(Named("gzip", MultiGzDecoder::new(file))),
            // A frame, or a frame to be skipped, which some tools begin with.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Box::new(Named("zstd", zstd::Decoder::with_buffer(file)?))
            }
            _ => Box::new(file),
        })
    }
}

/// Says in its errors what the data should have been.
struct Named<R>(&'static str, R);

impl<R: Read> Read for Named<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.1.read(into).map_err(|cause| match cause.kind() {
            io::ErrorKind::Interrupted => cause,
            _ => io::Error::other(Corrupt {
                format: self.0,
                cause,
            }),
        })
    }
}

#[derive(Debug)]
struct Corrupt {
    format: &'static str,
    cause: io::Error,
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot decompress {}: {}", self.format, self.cause)
    }
}

impl Error for Corrupt {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// Reads on another thread, where decompression does not hold up other tasks.
struct Unblocked {
    trip: Trip<Work>,
    /// How much of the piece was handed on.
    begun: usize,
}

struct Work {
    reader: Box<dyn Read + Send>,
    piece: Vec<u8>,
    error: Option<io::Error>,
    at_end: bool,
}

impl Work {
    /// Makes one piece; an error is kept until what came before it was handed on.
    fn read(&mut self) {
        self.piece.clear();
        let before = AT_ONCE as u64;
        match (&mut self.reader).take(before).read_to_end(&mut self.piece) {
            Ok(_) => self.at_end = self.piece.is_empty(),
            Err(error) => self.error = Some(error),
        }
    }
}

impl AsyncRead for Unblocked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let work = ready!(this.trip.poll_here(task));
            let rest = &work.piece[this.begun..];
            if !rest.is_empty() || into.remaining() == 0 {
                let taken = rest.len().min(into.remaining());
                into.put_slice(&rest[..taken]);
                this.begun += taken;
                return Poll::Ready(Ok(()));
            }
            if let Some(error) = work.error.take() {
                work.at_end = true;
                return Poll::Ready(Err(error));
            }
            if work.at_end {
                return Poll::Ready(Ok(()));
            }
            this.begun = 0;
            this.trip.begin(Work::read);
        }
    }
}
