//! `chunks`: bytes as they come.

use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;

use super::FrameCause;

/// Hands on bytes as they come, 8 KiB at once at most; where they are cut means nothing.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::framing::{chunks, frames}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bytes = frames(&b"salt"[..], "a file", chunks());
/// assert_eq!(bytes.map(|chunk| chunk.len()).fold(0, |sum, len| sum + len).await?, 4);
/// # Ok(()) }
/// ```
pub fn chunks() -> Chunks {
    Chunks(())
}

/// The framing of [`chunks`].
#[derive(Clone, Debug)]
pub struct Chunks(());

impl Decoder for Chunks {
    type Item = Bytes;
    type Error = FrameCause;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Bytes>, FrameCause> {
        Ok((!bytes.is_empty()).then(|| bytes.split().freeze()))
    }
}
