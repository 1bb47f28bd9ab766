//! What goes over the wire: events and notices in every form, and the frames of WebSocket around them. No I/O.

use std::fmt::{self, Write};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Serialize, Serializer};

use super::event::Event;

/// How a client wants to have its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// Text frames of JSON, each with topic, id and data.
    Json,
    /// The same maps as binary frames of `MessagePack`.
    #[cfg(feature = "msgpack")]
    MessagePack,
    /// Text frames of the data alone, and no notices.
    Plain,
    /// An HTTP response of server-sent events.
    Sse,
}

impl Form {
    pub(super) const COUNT: usize = Self::Sse as usize + 1;
}

/// A position in the order of all events: `epoch:offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id<'a> {
    pub(super) epoch: &'a str,
    pub(super) offset: u64,
}

impl<'a> Id<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (epoch, offset) = text.rsplit_once(':')?;
        let offset = offset.parse().ok()?;
        Some(Self { epoch, offset })
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.offset)
    }
}

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What the hub tells a client beside events.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Notice<'a> {
    Subscribed {
        subscribed: &'a str,
        id: Id<'a>,
        clients: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        missed: Option<usize>,
        /// From where a client goes on that gets no event: also for the other topics of its request.
        #[serde(skip)]
        resume: Id<'a>,
    },
    Unsubscribed {
        unsubscribed: &'a str,
    },
    Gap {
        gap: &'a str,
        dropped: u64,
        id: Id<'a>,
    },
    Reset {
        reset: &'a str,
        id: Id<'a>,
    },
    Presence {
        presence: &'a str,
        clients: usize,
    },
    Error {
        error: &'a str,
    },
}

impl Notice<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Subscribed { .. } => "subscribed",
            Self::Unsubscribed { .. } => "unsubscribed",
            Self::Gap { .. } => "gap",
            Self::Reset { .. } => "reset",
            Self::Presence { .. } => "presence",
            Self::Error { .. } => "error",
        }
    }

    /// Gives what goes over the wire; nothing in the plain form, which has no place for it.
    pub(super) fn encode(&self, form: Form) -> Bytes {
        // A map of texts and numbers has a form in JSON and in MessagePack.
        let json = || serde_json::to_vec(self).unwrap_or_default();
        match form {
            Form::Json => frame(Opcode::Text, &json()),
            #[cfg(feature = "msgpack")]
            Form::MessagePack => frame(
                Opcode::Binary,
                &rmp_serde::to_vec_named(self).unwrap_or_default(),
            ),
            Form::Plain => Bytes::new(),
            Form::Sse => {
                let mut out = format!("event: {}\ndata: ", self.name()).into_bytes();
                out.extend(json());
                // A gap or a reset is no place to go on from.
                if let Self::Subscribed { resume, .. } = self {
                    out.extend(format!("\nid: {resume}").into_bytes());
                }
                out.extend(b"\n\n");
                out.into()
            }
        }
    }
}

/// Gives an event as it goes over the wire.
pub(super) fn event(form: Form, epoch: &str, offset: u64, event: &Event) -> Bytes {
    let id = Id { epoch, offset };
    match form {
        Form::Json => {
            let data = event.data();
            let capacity = data.len() + event.topic().len() + epoch.len() + 48;
            let mut out = BytesMut::with_capacity(MAX_HEADER + capacity);
            out.put_bytes(0, MAX_HEADER);
            out.put_slice(b"{\"topic\":");
            put_json(event.topic(), &mut out);
            // Nothing fails to be written to memory.
            let _ = write!(out, ",\"id\":\"{id}\",\"data\":");
            out.put_slice(data.as_bytes());
            out.put_u8(b'}');
            framed(Opcode::Text, out)
        }
        #[cfg(feature = "msgpack")]
        Form::MessagePack => {
            #[derive(Serialize)]
            struct Envelope<'a> {
                topic: &'a str,
                id: Id<'a>,
                data: serde_json::Value,
            }
            let data = serde_json::from_str(event.data()).unwrap_or_else(|_| event.data().into());
            let envelope = Envelope {
                topic: event.topic(),
                id,
                data,
            };
            frame(
                Opcode::Binary,
                &rmp_serde::to_vec_named(&envelope).unwrap_or_default(),
            )
        }
        Form::Plain => frame(Opcode::Text, event.plain().as_str().as_bytes()),
        Form::Sse => {
            let mut out = format!("id: {id}\nevent: ");
            put_event_name(event.topic(), &mut out);
            for line in event.data().split(['\r', '\n']) {
                let _ = write!(out, "\ndata: {line}");
            }
            out.push_str("\n\n");
            out.into()
        }
    }
}

/// Names of server-sent events that topics may not have: those of the notices, and of what an `EventSource` tells of itself.
const TAKEN: [&str; 7] = [
    "subscribed",
    "unsubscribed",
    "gap",
    "reset",
    "presence",
    "error",
    "open",
];

/// Stands in front of topics whose names are taken, and of those that begin with it, so that no two topics become one.
const TOPIC: &str = "topic:";

/// Appends a topic as the name of a server-sent event.
fn put_event_name(topic: &str, out: &mut String) {
    // A line break would end the field.
    let name = topic.replace(['\r', '\n'], "");
    if TAKEN.contains(&&*name) || name.starts_with(TOPIC) {
        out.push_str(TOPIC);
    }
    out.push_str(&name);
}

/// Keeps a connection of server-sent events alive: a comment.
pub(super) const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// The kinds of frames, RFC 6455 section 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// Bytes of the longest header of a server's frame.
const MAX_HEADER: usize = 10;

/// Gives a whole message as the frame of a server: final, without a mask.
pub(super) fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(MAX_HEADER + payload.len());
    out.put_bytes(0, MAX_HEADER);
    out.put_slice(payload);
    framed(opcode, out)
}

/// Makes a frame of a message in place: the room that was left in front becomes its header.
fn framed(opcode: Opcode, mut out: BytesMut) -> Bytes {
    let length = out.len() - MAX_HEADER;
    let mut header = [0; MAX_HEADER];
    header[0] = 0x80 | opcode as u8;
    let size = if let Ok(short @ ..126) = u8::try_from(length) {
        header[1] = short;
        2
    } else if let Ok(medium) = u16::try_from(length) {
        header[1] = 126;
        header[2..4].copy_from_slice(&medium.to_be_bytes());
        4
    } else {
        header[1] = 127;
        header[2..].copy_from_slice(&(length as u64).to_be_bytes());
        MAX_HEADER
    };
    out[MAX_HEADER - size..MAX_HEADER].copy_from_slice(&header[..size]);
    out.advance(MAX_HEADER - size);
    out.freeze()
}

/// Appends a text as it stands in JSON.
fn put_json(text: &str, out: &mut BytesMut) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.put_u8(b'"');
        out.put_slice(text.as_bytes());
        out.put_u8(b'"');
    } else {
        // A text has a form in JSON.
        let _ = serde_json::to_writer(out.writer(), text);
    }
}

/// Why a connection is closed, RFC 6455 section 7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// 1000: the client said so first.
    Normal,
    /// 1002: what it sent is not WebSocket.
    Protocol(&'static str),
    /// 1007: a text that is no UTF-8.
    NotText,
    /// 1008: it sends too much.
    Policy(&'static str),
    /// 1009: a message that is too large.
    TooLarge,
    /// 1012: the server closes.
    Restart,
    /// 1013: it is too slow.
    TooSlow,
}

impl Farewell {
    pub(super) fn frame(self) -> Bytes {
        let (code, reason) = match self {
            Self::Normal => (1000_u16, ""),
            Self::Protocol(reason) => (1002, reason),
            Self::NotText => (1007, "a text message that is not UTF-8"),
            Self::Policy(reason) => (1008, reason),
            Self::TooLarge => (1009, "the message is too large"),
            Self::Restart => (1012, "the server closes; connect anew"),
            Self::TooSlow => (1013, "too slow: too much waits to be sent; connect anew"),
        };
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend(reason.as_bytes());
        frame(Opcode::Close, &payload)
    }
}
