//! A line of a file that is followed, and where it was.

use std::{borrow::Cow, fmt, path::Path, sync::Arc};

use super::{
    error::TailError,
    position::{FileId, Position, Stamp},
};

/// A line of a file that is followed, without its end; see [`tail`](super::tail()).
///
/// Whether it is UTF-8 is for the consumer to ask: [`into_text`](Self::into_text) makes an error of what is not,
/// [`to_text_lossy`](Self::to_text_lossy) replaces it, [`bytes`](Self::bytes) leaves it as it is.
#[derive(Clone)]
pub struct Line {
    pub(super) stamp: Arc<Stamp>,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) ended: bool,
}

impl Line {
    /// Gives the path that is followed; the file may have another name by now.
    pub fn path(&self) -> &Path {
        &self.stamp.path
    }

    /// Tells which file it is.
    pub fn file(&self) -> FileId {
        self.stamp.file
    }

    /// Gives the number of bytes before the line.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Gives the place after the line, to go on from later.
    pub fn position(&self) -> Position {
        self.stamp.at(self.end)
    }

    /// Tells whether the line has an end: not if its file was left, truncated or stopped at in the middle of it.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Gives the bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes, owned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Gives the text, with a replacement character for what is not UTF-8.
    pub fn to_text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Gives the text.
    ///
    /// # Errors
    ///
    /// [`TailError::NotText`] if it is not UTF-8.
    pub fn into_text(self) -> Result<String, TailError> {
        String::from_utf8(self.bytes).map_err(|error| TailError::NotText {
            path: self.stamp.path.to_path_buf(),
            offset: self.start,
            bytes: error.into_bytes(),
        })
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("text", &self.to_text_lossy())
            .field("path", &self.path())
            .field("start", &self.start)
            .field("end", &self.end)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
