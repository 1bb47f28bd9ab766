//! A hub as the sink of plain values, all of one topic.

use std::sync::Arc;

use serde::Serialize;
use thalweg_core::Sink;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Event, Hub, PublishError};

impl Hub {
    /// Makes the hub a sink of values, which are serialized as JSON and published to `topic`.
    ///
    /// # Errors
    ///
    /// [`PublishError::Encode`] if a value has no form in JSON, before anything of its batch is published.
    pub fn json(self, topic: impl Into<Arc<str>>) -> JsonTopic {
        JsonTopic {
            hub: self,
            topic: topic.into(),
        }
    }

    /// Makes the hub a sink of texts, which are published to `topic` as they are: JSON, or anything if it only goes to
    /// clients of the plain form.
    pub fn texts(self, topic: impl Into<Arc<str>>) -> TextTopic {
        TextTopic {
            hub: self,
            topic: topic.into(),
        }
    }
}

/// The sink of [`Hub::json`].
#[derive(Debug)]
#[must_use = "a hub that is dropped serves nobody"]
pub struct JsonTopic {
    hub: Hub,
    topic: Arc<str>,
}

impl<T: Serialize + Send> Sink<T> for JsonTopic {
    type Error = PublishError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), PublishError> {
        let events: Result<Vec<Event>, _> = batch
            .iter()
            .map(|value| Event::json(self.topic.clone(), value))
            .collect();
        let mut events = events.map_err(|cause| PublishError::Encode {
            topic: self.topic.to_string(),
            cause,
        })?;
        let before = events.len();
        self.hub.write(&mut events).await?;
        batch.drain(..before - events.len());
        Ok(())
    }

    async fn close(&mut self) -> Result<(), PublishError> {
        self.hub.close().await
    }
}

/// The sink of [`Hub::texts`].
#[derive(Debug)]
#[must_use = "a hub that is dropped serves nobody"]
pub struct TextTopic {
    hub: Hub,
    topic: Arc<str>,
}

impl<T: Into<Utf8Bytes> + Clone + Send> Sink<T> for TextTopic {
    type Error = PublishError;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), PublishError> {
        let texts = batch.iter().cloned();
        let mut events: Vec<_> = texts
            .map(|text| Event::raw(self.topic.clone(), text))
            .collect();
        let before = events.len();
        self.hub.write(&mut events).await?;
        batch.drain(..before - events.len());
        Ok(())
    }

    async fn close(&mut self) -> Result<(), PublishError> {
        self.hub.close().await
    }
}
