//! `length_prefixed`: bytes whose length stands before them.

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::Decoder;

use super::{DEFAULT_MAX_LENGTH, FrameCause};

/// Cuts frames that have their length in bytes, itself not counted, before them.
///
/// A length is big-endian unless [`little_endian`](LengthPrefixed::little_endian) is asked for. A frame has at most 1 MiB,
/// unless [`max_length`](LengthPrefixed::max_length) says otherwise; of a longer one nothing but the length is read.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::framing::{Prefix, frames, length_prefixed}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let framing = length_prefixed(Prefix::U32).little_endian().max_length(64 * 1024);
/// let words = frames(&b"\x03\x00\x00\x00sea"[..], "a file", framing);
/// assert_eq!(words.collect::<Vec<_>>().await?, ["sea"]);
/// # Ok(()) }
/// ```
#[doc(alias = "length_delimited")]
pub fn length_prefixed(prefix: Prefix) -> LengthPrefixed {
    LengthPrefixed {
        prefix,
        max_length: DEFAULT_MAX_LENGTH,
        is_little_endian: false,
    }
}

/// The number that the length of a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// One byte: frames of up to 255 bytes.
    U8,
    /// Two bytes: frames of up to 64 KiB.
    U16,
    /// Four bytes: frames of up to 4 GiB.
    U32,
}

impl Prefix {
    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 => 4,
        }
    }
}

/// The framing of [`length_prefixed`].
#[derive(Clone, Debug)]
pub struct LengthPrefixed {
    prefix: Prefix,
    max_length: usize,
    is_little_endian: bool,
}

impl LengthPrefixed {
    /// Reads lengths with their lowest byte first.
    pub fn little_endian(mut self) -> Self {
        self.is_little_endian = true;
        self
    }

    /// Lets a frame have at most so many bytes, its length not counted, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    /// Reads the length that `bytes` begin with, if all of it is there.
    fn length(&self, mut bytes: &[u8]) -> Option<u64> {
        let prefix = self.prefix.bytes();
        (bytes.len() >= prefix).then(|| {
            if self.is_little_endian {
                bytes.get_uint_le(prefix)
            } else {
                bytes.get_uint(prefix)
            }
        })
    }
}

impl Decoder for LengthPrefixed {
    type Item = Bytes;
    type Error = FrameCause;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Bytes>, FrameCause> {
        let Some(length) = self.length(bytes) else {
            return Ok(None);
        };
        let fits = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.max_length);
        let length = fits.ok_or(FrameCause::TooLong(self.max_length))?;
        let prefix = self.prefix.bytes();
        let missing = (prefix + length).saturating_sub(bytes.len());
        if missing > 0 {
            // Room for the whole frame, so that it is not moved as it grows.
            bytes.reserve(missing);
            return Ok(None);
        }
        bytes.advance(prefix);
        Ok(Some(bytes.split_to(length).freeze()))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Bytes>, FrameCause> {
        match self.decode(bytes)? {
            None if !bytes.is_empty() => Err(FrameCause::CutShort(bytes.len())),
            frame => Ok(frame),
        }
    }
}
