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

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const MAX: usize = 70_000;

    /// A frame of a client.
    fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let mut out = vec![first];
        let size = payload.len();
        match (u8::try_from(size), u16::try_from(size)) {
            (Ok(short @ ..126), _) => out.push(0x80 + short),
            (_, Ok(medium)) => {
                out.push(0x80 + 126);
                out.extend(medium.to_be_bytes());
            }
            _ => {
                out.push(0x80 + 127);
                out.extend((size as u64).to_be_bytes());
            }
        }
        out.extend(mask);
        out.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        out
    }

    fn read(chunks: &[&[u8]]) -> Result<Vec<Message>, Farewell> {
        let mut decoder = Decoder::default();
        let mut messages = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk);
            while let Some(message) = decoder.next(MAX)? {
                messages.push(message);
            }
        }
        Ok(messages)
    }

    proptest! {
        #[test]
        fn messages_come_whole_however_they_are_cut(
            payload in vec(any::<u8>(), 0..400),
            long in any::<bool>(),
            cuts in vec(1..40_usize, 1..40),
            mask in any::<[u8; 4]>(),
            parts in 1..5_usize,
        ) {
            let payload = if long { payload.repeat(170) } else { payload };
            prop_assume!(payload.len() <= MAX);
            // A message in parts, a ping between two of them.
            let mut bytes = Vec::new();
            let size = payload.len().div_ceil(parts).max(1);
            let count = payload.chunks(size).len().max(1);
            for (n, part) in payload.chunks(size).chain(payload.is_empty().then_some(&[][..])).enumerate() {
                let kind = if n == 0 { 2 } else { 0 };
                let last = if n + 1 == count { 0x80 } else { 0 };
                bytes.extend(frame(last | kind, mask, part));
                bytes.extend(frame(0x89, mask, b"ping"));
            }
            let mut chunks = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (chunk, after) = rest.split_at(*cut.min(&rest.len()));
                chunks.push(chunk);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            let mut messages = read(&chunks).unwrap();
            let pings = messages.extract_if(.., |one| *one == Message::Ping(b"ping".to_vec())).count();
            prop_assert_eq!(pings, count);
            prop_assert_eq!(messages, [Message::Binary(payload)]);
        }

        #[test]
        fn no_bytes_are_too_bad(bytes in vec(any::<u8>(), 0..200)) {
            let _ = read(&[&bytes]);
        }
    }

    fn refused(bytes: &[u8]) -> Farewell {
        read(&[bytes]).unwrap_err()
    }

    #[test]
    fn what_the_protocol_forbids_ends_the_connection() {
        let none = [0; 4];
        let forbidden: [&[u8]; 9] = [
            &[0x81, 0x01, b'x'],
            &frame(0xc1, none, b"x"),
            &frame(0x83, none, b"x"),
            &frame(0x8b, none, b"x"),
            &frame(0x09, none, b"x"),
            &frame(0x89, none, &[0; 126]),
            &frame(0x80, none, b"x"),
            &[frame(0x01, none, b"x"), frame(0x81, none, b"y")].concat(),
            &frame(0x88, none, &[3]),
        ];
        for bytes in forbidden {
            assert!(
                matches!(refused(bytes), Farewell::Protocol(_)),
                "{bytes:x?}"
            );
        }
        for code in [0_u16, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            let close = frame(0x88, none, &code.to_be_bytes());
            assert!(matches!(refused(&close), Farewell::Protocol(_)), "{code}");
        }
        assert_eq!(refused(&frame(0x81, none, &[0xff])), Farewell::NotText);
        let close = [&1000_u16.to_be_bytes()[..], &[0xff]].concat();
        assert_eq!(refused(&frame(0x88, none, &close)), Farewell::NotText);
    }

    #[test]
    fn a_message_that_is_too_large_ends_the_connection_before_it_has_come() {
        let none = [0; 4];
        let whole = frame(0x82, none, &vec![0; MAX + 1]);
        assert_eq!(refused(&whole[..14]), Farewell::TooLarge);
        let mut parts = frame(0x02, none, &vec![0; MAX]);
        parts.extend(frame(0x80, none, &[0]));
        assert_eq!(refused(&parts), Farewell::TooLarge);
        let absurd = [
            0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
        ];
        assert_eq!(refused(&absurd), Farewell::TooLarge);
    }

    #[test]
    fn nothing_is_held_between_messages() {
        let mut decoder = Decoder::default();
        decoder.feed(&frame(0x81, [1, 2, 3, 4], b"hello"));
        assert_eq!(decoder.next(MAX), Ok(Some(Message::Text("hello".into()))));
        assert_eq!((decoder.buffer.capacity(), decoder.begun), (0, None));
    }
}
