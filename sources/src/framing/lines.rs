//! `lines`: texts between line ends.

use bytes::BytesMut;
use tokio_util::codec::{Decoder, LinesCodec, LinesCodecError};

use super::{DEFAULT_MAX_LENGTH, FrameCause};

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
    Lines(LinesCodec::new_with_max_length(DEFAULT_MAX_LENGTH))
}

/// The framing of [`lines`].
#[derive(Clone, Debug)]
pub struct Lines(LinesCodec);

impl Lines {
    /// Lets a line have at most so many bytes, in place of 1 MiB.
    pub fn max_length(self, bytes: usize) -> Self {
        Self(LinesCodec::new_with_max_length(bytes))
    }

    fn cause(&self, error: &LinesCodecError) -> FrameCause {
        match error {
            LinesCodecError::MaxLineLengthExceeded => FrameCause::TooLong(self.0.max_length()),
            // The codec itself does not read: what it complains of is the text.
            LinesCodecError::Io(_) => FrameCause::NotText,
        }
    }
}

impl Decoder for Lines {
    type Item = String;
    type Error = FrameCause;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, FrameCause> {
        self.0.decode(bytes).map_err(|error| self.cause(&error))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, FrameCause> {
        let rest = self
            .0
            .decode_eof(bytes)
            .map_err(|error| self.cause(&error))?;
        // The codec looks at the length only where it looks for the end.
        match rest {
            Some(line) if line.len() > self.0.max_length() => {
                Err(FrameCause::TooLong(self.0.max_length()))
            }
            rest => Ok(rest),
        }
    }
}
