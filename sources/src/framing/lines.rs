//! `lines`: texts between line ends.

use bytes::{Buf as _, BytesMut};
use memchr::memchr;
use tokio_util::codec::Decoder;

use super::{DEFAULT_MAX_LENGTH, FrameCause};
use crate::line_source::{Wrong, is_too_long, text};

/// Cuts at line ends, `\n` or `\r\n`, and leaves them out; the last line needs no end.
///
/// A line has at most 1 MiB, unless [`max_length`](Lines::max_length) says otherwise: of a longer one no more than that is
/// ever read. A line that is no UTF-8 is an error.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::framing::{frames, lines}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut flow = frames(&b"to\nthe sea"[..], "a poem", lines().max_length(3));
/// assert_eq!(flow.next().await.unwrap().as_deref(), Some("to"));
/// let error = flow.next().await.unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "frame 2 of a poem is longer than 3 bytes; allow more with `max_length`"
/// );
/// # }
/// ```
pub fn lines() -> Lines {
    Lines {
        max_length: DEFAULT_MAX_LENGTH,
        scanned: 0,
    }
}

/// The framing of [`lines`].
#[derive(Clone, Debug)]
pub struct Lines {
    max_length: usize,
    /// Bytes that have no end of a line in them.
    scanned: usize,
}

impl Lines {
    /// Lets a line have at most so many bytes, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    fn text(&self, line: &[u8]) -> Result<String, FrameCause> {
        text(line, self.max_length).map_err(|wrong| match wrong {
            Wrong::TooLong => FrameCause::TooLong(self.max_length),
            Wrong::NotText => FrameCause::NotText,
            Wrong::Read(cause) => FrameCause::Read(cause),
        })
    }
}

impl Decoder for Lines {
    type Item = String;
    type Error = FrameCause;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, FrameCause> {
        let Some(length) = memchr(b'\n', &bytes[self.scanned..]) else {
            self.scanned = bytes.len();
            return if is_too_long(bytes, self.max_length) {
                Err(FrameCause::TooLong(self.max_length))
            } else {
                Ok(None)
            };
        };
        let end = std::mem::take(&mut self.scanned) + length;
        let line = self.text(&bytes[..end])?;
        bytes.advance(end + 1);
        Ok(Some(line))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, FrameCause> {
        match self.decode(bytes)? {
            None if !matches!(**bytes, [] | [b'\r']) => {
                self.scanned = 0;
                self.text(&bytes.split()).map(Some)
            }
            line => Ok(line),
        }
    }
}
