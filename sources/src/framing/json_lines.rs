//! `json_lines`: values, one a line.

use std::{fmt, marker::PhantomData};

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
pub struct JsonLinesOrErrors<T>(JsonLines<T>);

impl<T> JsonLines<T> {
    /// Lets a line have at most so many bytes, in place of 1 MiB.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.lines = self.lines.max_length(bytes);
        self
    }

    /// Makes a line that is no such value an item, `Err`, and not the end.
    pub fn errors_as_items(self) -> JsonLinesOrErrors<T> {
        JsonLinesOrErrors(self)
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

impl<T: DeserializeOwned> Decoder for JsonLinesOrErrors<T> {
    type Item = Result<T, serde_json::Error>;
    type Error = FrameCause;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, FrameCause> {
        value(|| self.0.lines.decode(bytes))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, FrameCause> {
        value(|| self.0.lines.decode_eof(bytes))
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
        Self(self.0.clone())
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
            .field(&self.0.lines)
            .finish()
    }
}
