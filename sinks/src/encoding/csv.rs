//! `Csv`: an item as a record of comma-separated values.

use serde::Serialize;

use super::{Encode, EncodeError};

/// Bytes that a record is gathered in; longer ones take several steps.
const RECORD: usize = 512;

/// An item as a record of comma-separated values, quoted where they must be (RFC 4180, but with `\n` at the end).
///
/// Before the first item of a file stand the names of its fields, if it is a struct; see [`Csv::without_header`].
#[derive(Clone, Copy, Debug)]
pub struct Csv {
    delimiter: u8,
    header: bool,
}

impl Default for Csv {
    fn default() -> Self {
        Self {
            delimiter: b',',
            header: true,
        }
    }
}

impl Csv {
    /// Separates the values by another byte than a comma: `b';'` or `b'\t'`.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Leaves the names of the fields out.
    pub fn without_header(mut self) -> Self {
        self.header = false;
        self
    }

    fn record<T: Serialize>(
        self,
        item: &T,
        header: bool,
        buffer: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(header)
            .buffer_capacity(RECORD)
            .from_writer(buffer);
        writer.serialize(item)?;
        Ok(writer.flush()?)
    }
}

impl<T: Serialize> Encode<T> for Csv {
    const LINES: bool = true;

    fn encode(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.record(item, false, buffer)
    }

    fn encode_first(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.record(item, self.header, buffer)
    }
}
