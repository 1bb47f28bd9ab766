//! How items become bytes: what the sinks of files, connections and requests share.

#[cfg(feature = "csv")]
mod csv;
mod json;
mod raw;
mod text;

use std::{error::Error, ops::ControlFlow};

#[cfg(feature = "csv")]
pub use csv::Csv;
pub use json::Json;
pub use raw::Raw;
pub use text::Text;

/// Why an item has no form in an encoding.
pub type EncodeError = Box<dyn Error + Send + Sync>;

/// Turns items into bytes.
///
/// An encoding keeps nothing from one item to the next, so that what could not be written can be encoded again. Closures
/// of the form of [`encode`](Self::encode) are encodings too.
///
/// # Examples
///
/// A length before every item:
///
/// ```
/// use thalweg::{prelude::*, sinks::{encoding::EncodeError, file}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("names.bin");
/// let with_length = |name: &&str, buffer: &mut Vec<u8>| -> Result<(), EncodeError> {
///     buffer.push(u8::try_from(name.len())?);
///     buffer.extend_from_slice(name.as_bytes());
///     Ok(())
/// };
/// ["to", "sea"].flow().run_into(file(&path, with_length)).await?;
/// assert_eq!(std::fs::read(&path)?, b"\x02to\x03sea");
/// # Ok(()) }
/// ```
pub trait Encode<T> {
    /// Whether every item ends with a line break. A file that was cut in the middle of a line is mended before such
    /// items are written after it.
    const LINES: bool = false;

    /// Adds the bytes of an item to `buffer`.
    ///
    /// # Errors
    ///
    /// If the item has no form in this encoding. What was added by then is taken back by the caller.
    fn encode(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Adds the bytes of the first item of a file, connection or request, and what stands before it: a header.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    fn encode_first(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode(item, buffer)
    }

    /// Adds the bytes of items, one after the other, until `keep` breaks; for encodings that gain by doing many at once.
    ///
    /// The first item is that of a file, connection or request if `is_first`. After each item `keep` hears the length of
    /// the buffer.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode). What is beyond the last length that `keep` heard is taken back by the caller.
    fn encode_all(
        &self,
        items: &[T],
        is_first: bool,
        buffer: &mut Vec<u8>,
        mut keep: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), EncodeError> {
        for (index, item) in items.iter().enumerate() {
            if is_first && index == 0 {
                self.encode_first(item, buffer)?;
            } else {
                self.encode(item, buffer)?;
            }
            if keep(buffer.len()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl<T, F> Encode<T> for F
where
    F: Fn(&T, &mut Vec<u8>) -> Result<(), EncodeError>,
{
    fn encode(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        self(item, buffer)
    }
}
