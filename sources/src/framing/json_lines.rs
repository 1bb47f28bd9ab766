//! `json_lines`: values, one a line.

use std::{error::Error, fmt, marker::PhantomData};

use bytes::BytesMut;
use serde::de::DeserializeOwned;
use tokio_util::codec::Decoder;

use super::{FrameCause, Lines, lines};

/// Reads a value of JSON from every line; empty lines are passed over.
///
/// A line that is no such value is the end, with [`FrameCause::NotJson`]; to get it as an item, and go on, see
/// [`errors_as_items`](JsonLines::errors_as_items). A line has at most 1 MiB, unless
/// [`max_length`](JsonLines::max_length) says otherwise.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::framing::{frames, json_lines}};
///
/// #[derive(serde::Deserialize)]
/// struct Trade {
///     price: f64,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = "{\"price\": 1.08}\n{\"price\": 1.09}\n";
/// let trades = frames(text.as_bytes(), "a file", json_lines::<Trade>());
/// let prices = trades.map(|trade| trade.price).collect::<Vec<_>>().await?;
/// assert_eq!(prices, [1.08, 1.09]);
/// # Ok(()) }
/// ```
#[doc(alias = "ndjson")]
#[doc(alias = "jsonl")]
pub fn json_lines<T: DeserializeOwned>() -> JsonLines<T> {
    JsonLines {
        lines: lines(),
        value: PhantomData,
    }
}

/// The framing of [`json_lines`].
pub struct JsonLines<T> {
    lines: Lines,
    value: PhantomData<fn() -> T>,
}

/// The framing of [`JsonLines::errors_as_items`].
pub struct JsonLinesOrErrors<T> {
    json: JsonLines<T>,
    /// Lines that were read and had something in them.
    read: u64,
}

/// A line that is not the JSON that it should be, as an item of [`JsonLines::errors_as_items`].
#[derive(Debug)]
pub struct NotJson {
    frame: u64,
    cause: serde_json::Error,
}

impl NotJson {
    /// Tells which frame it is, counted from 1 within its connection; empty lines do not count.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Gives what is wrong with it.
    pub fn cause(&self) -> &serde_json::Error {
        &self.cause
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frame, cause } = self;
        write!(
            f,
            "frame {frame} is not the JSON that it should be: {cause}"
        )
    }
}

impl Error for NotJson {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> JsonLines<T> {
    /// Lets a line have at most so many bytes, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.lines = self.lines.max_length(bytes);
        self
    }

    /// Makes a line that is no such value an item, `Err` with [`NotJson`], and not the end.
    pub fn errors_as_items(self) -> JsonLinesOrErrors<T> {
        JsonLinesOrErrors {
            json: self,
            read: 0,
        }
    }
}

/// Reads the value of the next line that has one, where `next` gives lines.
fn value<T: DeserializeOwned>(
    mut next: impl FnMut() -> Result<Option<String>, FrameCause>,
) -> Result<Option<Result<T, serde_json::Error>>, FrameCause> {
    loop {
        match next()? {
            Some(line) if line.trim_ascii().is_empty() => {}
            Some(line) => return Ok(Some(serde_json::from_str(&line))),
            None => return Ok(None),
        }
    }
}

impl<T> JsonLinesOrErrors<T> {
    fn number(&mut self, value: Result<T, serde_json::Error>) -> Result<T, NotJson> {
        self.read += 1;
        value.map_err(|cause| NotJson {
            frame: self.read,
            cause,
        })
    }
}

impl<T: DeserializeOwned> Decoder for JsonLinesOrErrors<T> {
    type Item = Result<T, NotJson>;
    type Error = FrameCause;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, FrameCause> {
        let value = value(|| self.json.lines.decode(bytes))?;
        Ok(value.map(|value| self.number(value)))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, FrameCause> {
        let value = value(|| self.json.lines.decode_eof(bytes))?;
        Ok(value.map(|value| self.number(value)))
    }
}

impl<T: DeserializeOwned> Decoder for JsonLines<T> {
    type Item = T;
    type Error = FrameCause;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<T>, FrameCause> {
        let value = value(|| self.lines.decode(bytes))?;
        value.transpose().map_err(FrameCause::NotJson)
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<T>, FrameCause> {
        let value = value(|| self.lines.decode_eof(bytes))?;
        value.transpose().map_err(FrameCause::NotJson)
    }
}

impl<T> Clone for JsonLines<T> {
    fn clone(&self) -> Self {
        Self {
            lines: self.lines.clone(),
            value: PhantomData,
        }
    }
}

impl<T> Clone for JsonLinesOrErrors<T> {
    fn clone(&self) -> Self {
        Self {
            json: self.json.clone(),
            read: self.read,
        }
    }
}

impl<T> fmt::Debug for JsonLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonLines").field(&self.lines).finish()
    }
}

impl<T> fmt::Debug for JsonLinesOrErrors<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonLinesOrErrors")
            .field(&self.json.lines)
            .finish()
    }
}
