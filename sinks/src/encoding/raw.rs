//! `Raw`: bytes as they are.

use super::{Encode, EncodeError};

/// The bytes of an item, and nothing between items.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl<T: AsRef<[u8]>> Encode<T> for Raw {
    fn encode(&self, item: &T, buffer: &mut Vec<u8>) -> Result<(), EncodeError> {
        buffer.extend_from_slice(item.as_ref());
        Ok(())
    }
}
