//! `Text`: the text of an item and a line break.

use std::{fmt::Display, io::Write};

use super::{Encode, EncodeError};

/// The text of an item as a line. An item whose text has line breaks makes several.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

impl<T: Display> Encode<T> for Text {
    const LINES: bool = true;

    fn encode(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        Ok(writeln!(buffer, "{item}")?)
    }
}
