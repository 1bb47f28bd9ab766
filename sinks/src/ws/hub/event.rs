//! An event as the flow gives it, and as the hub keeps it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Serialize;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::wire::{self, Form};

/// Something that happened, on its way to the clients that subscribed to its topic.
///
/// A clone shares the data.
///
/// # Examples
///
/// ```
/// use thalweg::sinks::ws::Event;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let level = Event::json("levels", &serde_json::json!({ "gauge": "Basel", "cm": 512 }))?.with_key("Basel");
/// assert_eq!(level.data(), r#"{"cm":512,"gauge":"Basel"}"#);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    topic: Arc<str>,
    key: Option<Arc<str>>,
    data: Utf8Bytes,
}

impl Event {
    /// Makes an event of a value, which is serialized as JSON here and nowhere else.
    ///
    /// # Errors
    ///
    /// If the value has no form in JSON.
    pub fn json<T: Serialize + ?Sized>(
        topic: impl Into<Arc<str>>,
        value: &T,
    ) -> serde_json::Result<Self> {
        Ok(Self::raw(topic, serde_json::to_string(value)?))
    }

    /// Makes an event of data that is JSON already, or any text if it only goes to clients of the plain form.
    ///
    /// The data is sent as it is: what is no JSON breaks the message that it stands in, and goes as a string in `MessagePack`.
    pub fn raw(topic: impl Into<Arc<str>>, data: impl Into<Utf8Bytes>) -> Self {
        Self {
            topic: topic.into(),
            key: None,
            data: data.into(),
        }
    }

    /// Names what the event is about: a newer event of the same topic and key can stand in for it, see
    /// [`SlowClients::Conflate`](super::SlowClients::Conflate).
    pub fn with_key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Gives the topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Gives what the event is about.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Gives the data, as it is sent.
    pub fn data(&self) -> &str {
        &self.data
    }

    pub(super) fn shared_topic(&self) -> &Arc<str> {
        &self.topic
    }

    pub(super) fn shared_key(&self) -> Option<&Arc<str>> {
        self.key.as_ref()
    }

    pub(super) fn plain(&self) -> &Utf8Bytes {
        &self.data
    }

    /// Bytes that keeping the event costs, about.
    pub(super) fn size(&self) -> usize {
        self.data.as_str().len() + self.topic.len() + self.key().map_or(0, str::len)
    }
}

/// An event with its place in the order of all events, encoded at most once in every form.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) offset: u64,
    pub(super) event: Event,
    frames: [OnceLock<Bytes>; Form::COUNT],
}

impl Record {
    pub(super) fn new(offset: u64, event: Event) -> Self {
        Self {
            offset,
            event,
            frames: Default::default(),
        }
    }

    /// Gives what goes over the wire.
    pub(super) fn frame(&self, form: Form, epoch: &str) -> &Bytes {
        self.frames[form as usize]
            .get_or_init(|| wire::event(form, epoch, self.offset, &self.event))
    }
}
