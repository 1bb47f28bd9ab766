//! `Json`: an item as a line of JSON.

use serde::Serialize;

use super::{Encode, EncodeError};

/// An item as a line of JSON, which has no line break within.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl<T: Serialize> Encode<T> for Json {
    const LINES: bool = true;

    fn encode(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        serde_json::to_writer(&mut *buffer, item)?;
        buffer.push(b'\n');
        Ok(())
    }
}
