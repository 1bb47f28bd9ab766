//! The frames of a WebSocket server, as they stand in a client's buffer.

/// A whole frame: who reads it has `length` bytes less to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'a [u8],
    pub(crate) length: usize,
}

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;

/// Set on a frame that ends its message.
const FINAL: u8 = 0x80;

impl<'a> Frame<'a> {
    /// Reads the frame at the start of `bytes`, `None` if it is not whole yet. Frames of servers carry no mask.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let &[first, second] = bytes.first_chunk()?;
        let (header, size) = match second & 0x7f {
            126 => (4, u64::from(u16::from_be_bytes(*bytes[2..].first_chunk()?))),
            127 => (10, u64::from_be_bytes(*bytes[2..].first_chunk()?)),
            short => (2, u64::from(short)),
        };
        let length = usize::try_from(size).ok()?.checked_add(header)?;
        Some(Self {
            opcode: first & 0x0f,
            payload: bytes.get(header..length)?,
            length,
        })
    }
}

/// Appends the frame of a text message of a server.
pub(crate) fn write_text(payload: &[u8], into: &mut Vec<u8>) {
    into.push(FINAL | TEXT);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < 126 => into.push(short),
        (_, Ok(middle)) => {
            into.push(126);
            into.extend(middle.to_be_bytes());
        }
        _ => {
            into.push(127);
            into.extend((payload.len() as u64).to_be_bytes());
        }
    }
    into.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_of_every_length_is_read_as_written() {
        for size in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let payload = vec![b'x'; size];
            let mut bytes = Vec::new();
            write_text(&payload, &mut bytes);
            let length = bytes.len();
            bytes.extend(b"what comes after");
            let frame = Frame::read(&bytes).unwrap();
            assert_eq!((frame.opcode, frame.length), (TEXT, length));
            assert_eq!(frame.payload, payload);
        }
    }

    #[test]
    fn frame_that_is_cut_off_is_not_whole_yet() {
        for size in [10, 200, 70_000] {
            let mut bytes = Vec::new();
            write_text(&vec![b'x'; size], &mut bytes);
            for end in (0..12).chain([bytes.len() - 1]) {
                assert_eq!(Frame::read(&bytes[..end]), None, "{end} of {size}");
            }
        }
    }

    #[test]
    fn length_beyond_memory_is_never_whole() {
        let mut bytes = vec![FINAL | TEXT, 127];
        bytes.extend([0xff; 8]);
        bytes.extend([0; 100]);
        assert_eq!(Frame::read(&bytes), None);
    }
}
