//! What comes over a WebSocket: bytes in, messages out. No I/O.

use super::wire::{Farewell, Opcode};

/// A whole message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close,
}

/// Puts frames together again; holds what has come of a message that is not complete, and nothing between messages.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// What has come of the next frame.
    buffer: Vec<u8>,
    /// What has come of the message that the frames are parts of.
    begun: Option<(Opcode, Vec<u8>)>,
}

/// The first bytes of a frame.
struct Header {
    last: bool,
    opcode: Opcode,
    mask: [u8; 4],
    /// Bytes of the header itself, and of the payload after it.
    size: usize,
    payload: usize,
}

impl Decoder {
    /// Takes in what has come.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Gives the next message, if it is complete.
    ///
    /// # Errors
    ///
    /// Why the client has to leave; what it sends after that is of no use.
    pub(super) fn next(&mut self, max_bytes: usize) -> Result<Option<Message>, Farewell> {
        while let Some(header) = Header::parse(&self.buffer)? {
            let begun = self.begun.as_ref().map_or(0, |(_, payload)| payload.len());
            if header.payload > max_bytes.saturating_sub(begun) {
                return Err(Farewell::TooLarge);
            }
            let end = header.size + header.payload;
            if self.buffer.len() < end {
                return Ok(None);
            }
            let mut payload = self.buffer[header.size..end].to_vec();
            for (byte, mask) in payload.iter_mut().zip(header.mask.iter().cycle()) {
                *byte ^= mask;
            }
            self.buffer.drain(..end);
            if self.buffer.is_empty() {
                self.buffer = Vec::new();
            }
            if let Some(message) = self.frame(&header, payload)? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Takes a frame, which may complete a message.
    fn frame(&mut self, header: &Header, payload: Vec<u8>) -> Result<Option<Message>, Farewell> {
        let (opcode, payload) = match (header.opcode, self.begun.take()) {
            (Opcode::Ping | Opcode::Pong | Opcode::Close, begun) => {
                self.begun = begun;
                return control(header.opcode, payload).map(Some);
            }
            (Opcode::Continuation, Some((opcode, mut begun))) => {
                begun.extend(payload);
                (opcode, begun)
            }
            (Opcode::Continuation, None) => {
                return Err(Farewell::Protocol("a continuation of nothing"));
            }
            (_, Some(_)) => {
                return Err(Farewell::Protocol("a message within another"));
            }
            (opcode, None) => (opcode, payload),
        };
        if !header.last {
            self.begun = Some((opcode, payload));
            return Ok(None);
        }
        if opcode == Opcode::Binary {
            return Ok(Some(Message::Binary(payload)));
        }
        let text = String::from_utf8(payload).map_err(|_| Farewell::NotText)?;
        Ok(Some(Message::Text(text)))
    }
}

fn control(opcode: Opcode, payload: Vec<u8>) -> Result<Message, Farewell> {
    match opcode {
        Opcode::Ping => Ok(Message::Ping(payload)),
        Opcode::Pong => Ok(Message::Pong),
        _ => match payload.split_first_chunk() {
            None if payload.is_empty() => Ok(Message::Close),
            Some((&code, reason)) if is_close_code(u16::from_be_bytes(code)) => {
                if str::from_utf8(reason).is_err() {
                    return Err(Farewell::NotText);
                }
                Ok(Message::Close)
            }
            _ => Err(Farewell::Protocol("a close without a valid code")),
        },
    }
}

/// Codes that may go over the wire: those of the standard, of its registry, and private ones.
fn is_close_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Farewell> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(Farewell::Protocol("reserved bits without an extension"));
        }
        if second & 0x80 == 0 {
            return Err(Farewell::Protocol("a frame without a mask"));
        }
        let last = first & 0x80 != 0;
        let opcode = match first & 0x0f {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err(Farewell::Protocol("an unknown kind of frame")),
        };
        let length = second & 0x7f;
        if matches!(opcode, Opcode::Close | Opcode::Ping | Opcode::Pong) && (!last || length > 125)
        {
            return Err(Farewell::Protocol(
                "a control frame that is long or in parts",
            ));
        }
        let (payload, rest) = match length {
            126 => match rest.split_first_chunk() {
                Some((&length, rest)) => (u64::from(u16::from_be_bytes(length)), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk() {
                Some((&length, rest)) => (u64::from_be_bytes(length), rest),
                None => return Ok(None),
            },
            short => (u64::from(short), rest),
        };
        let Some((&mask, rest)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        Ok(Some(Self {
            last,
            opcode,
            mask,
            size: bytes.len() - rest.len(),
            payload: usize::try_from(payload).map_err(|_| Farewell::TooLarge)?,
        }))
    }
}
