//! Files in gzip or zstd, read as what was compressed.

use std::{
    error::Error,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
};

use flate2::bufread::MultiGzDecoder;

/// Compressed bytes that are read at once.
const AT_ONCE: usize = 64 * 1024;

/// Looks at the first bytes of a file; one that is neither gzip nor zstd is read as it is.
pub(super) fn decompress(file: File) -> io::Result<Box<dyn Read + Send>> {
    let mut file = BufReader::with_capacity(AT_ONCE, file);
    Ok(match *file.fill_buf()? {
        [0x1f, 0x8b, ..] => Box::new(Named("gzip", MultiGzDecoder::new(file))),
        // A frame, or a frame to be skipped, which some tools begin with.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Box::new(Named("zstd", zstd::Decoder::with_buffer(file)?))
        }
        _ => Box::new(file),
    })
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
