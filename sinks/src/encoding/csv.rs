//! `Csv`: an item as a record of comma-separated values.

use std::ops::ControlFlow;

use csv::{Writer, WriterBuilder};
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

    fn writer(self, header: bool, buffer: &mut Vec<u8>) -> Writer<&mut Vec<u8>> {
        WriterBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(header)
            .buffer_capacity(RECORD)
            .from_writer(buffer)
    }
}

fn write<T: Serialize>(item: &T, writer: &mut Writer<&mut Vec<u8>>) -> Result<(), EncodeError> {
    writer.serialize(item)?;
    Ok(writer.flush()?)
}

impl<T: Serialize> Encode<T> for Csv {
    const LINES: bool = true;

    fn encode(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        write(item, &mut self.writer(false, buffer))
    }

    fn encode_first(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        write(item, &mut self.writer(self.header, buffer))
    }

    // To make a writer takes longer than to write a record.
    fn encode_all(
        &self,
        items: &[T],
        is_first: bool,
        buffer: &mut Vec<u8>,
        mut keep: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), EncodeError> {
        let mut writer = self.writer(is_first && self.header, buffer);
        for item in items {
            write(item, &mut writer)?;
            if keep(writer.get_ref().len()).is_break() {
                break;
            }
        }
        Ok(())
    }
}
