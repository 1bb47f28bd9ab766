//! Where in which file: what is saved to go on from later.

use std::{
    error::Error,
    fmt,
    fs::Metadata,
    path::Path,
    str::FromStr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// What tells a file from another, whatever its name: device and inode.
///
/// Where the system has no such numbers it is the time at which the file was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: 0,
            inode: metadata.created().map_or(0, nanoseconds),
        }
    }

    /// Gives the number of the device.
    pub fn device(self) -> u64 {
        self.device
    }

    /// Gives the number of the file on its device.
    pub fn inode(self) -> u64 {
        self.inode
    }
}

/// Tells whether a file has no name any more, so that its number will be that of another once it is closed.
#[cfg(unix)]
pub(super) fn is_removed(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) == 0
}

/// Where files have no numbers, none is given again.
#[cfg(not(unix))]
pub(super) fn is_removed(_: &Metadata) -> bool {
    false
}

/// How a file begins: numbers of files are given again, so they alone do not tell files apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) length: u16,
    hash: u64,
}

impl Head {
    /// Bytes that are looked at.
    pub(super) const LENGTH: u16 = 256;

    pub(super) fn of(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(usize::from(Self::LENGTH))];
        // FNV-1a: saved positions outlive versions of this program, so it is not one of std's hashes.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            length: u16::try_from(bytes.len()).unwrap_or(Self::LENGTH),
            hash,
        }
    }

    /// Tells whether a file that begins with `bytes` may be the same, some time later.
    pub(super) fn begins(self, bytes: &[u8]) -> bool {
        bytes
            .get(..usize::from(self.length))
            .is_some_and(|front| Self::of(front) == self)
    }
}

/// When the file was changed last, in nanoseconds.
pub(super) fn modified(metadata: &Metadata) -> u64 {
    metadata.modified().map_or(0, nanoseconds)
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A file as it was seen at some moment; the lines of one reading share it.
#[derive(Debug, PartialEq)]
pub(super) struct Stamp {
    /// The path that is followed, not the one that the file may have by now.
    pub(super) path: Arc<Path>,
    pub(super) file: FileId,
    pub(super) head: Head,
    pub(super) modified: u64,
}

impl Stamp {
    pub(super) fn at(&self, offset: u64) -> Position {
        Position {
            file: self.file,
            offset,
            head: self.head,
            modified: self.modified,
        }
    }
}

/// A place in a file, to go on from later with [`Tail::from_position`](super::Tail::from_position).
///
/// It knows which file it is in and how that begins, so that it is found under whatever name, and not mistaken for
/// another. As text, which [`FromStr`] reads, it is one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub(super) file: FileId,
    pub(super) offset: u64,
    pub(super) head: Head,
    pub(super) modified: u64,
}

impl Position {
    /// Tells which file it is.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// Gives the number of bytes before it.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, head, .. } = self;
        write!(
            f,
            "{}:{}:{}:{}:{}:{}",
            file.device, file.inode, self.offset, head.length, head.hash, self.modified
        )
    }
}

impl FromStr for Position {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, ParsePositionError> {
        let mut numbers = text.split(':').map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        let mut parse = || {
            Some(Self {
                file: FileId {
                    device: next()?,
                    inode: next()?,
                },
                offset: next()?,
                head: Head {
                    length: u16::try_from(next()?).ok()?,
                    hash: next()?,
                },
                modified: next()?,
            })
        };
        match parse() {
            Some(position) if numbers.next().is_none() => Ok(position),
            _ => Err(ParsePositionError),
        }
    }
}

/// A text that is not a [`Position`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsePositionError;

impl fmt::Display for ParsePositionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a position: six numbers with colons between them are needed")
    }
}

impl Error for ParsePositionError {}
