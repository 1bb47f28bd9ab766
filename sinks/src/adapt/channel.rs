//! `channel`: into a channel of tokio.

use std::{error::Error, fmt};

use thalweg_core::Sink;
use tokio::sync::mpsc;

/// Sends every item into a tokio channel.
///
/// # Backpressure
///
/// A channel that is full holds back the flow. Holds nothing.
///
/// # Durability
///
/// What is in the channel is in memory: a crash loses it.
///
/// # Errors
///
/// [`ReceiverGone`] if nobody receives any more.
///
/// # Cancel safety
///
/// What was not sent is still in the batch.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::channel};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
/// (1..=2).flow().run_into(channel(sender)).await?;
/// assert_eq!(receiver.recv().await, Some(1));
/// assert_eq!(receiver.recv().await, Some(2));
/// assert_eq!(receiver.recv().await, None);
/// # Ok(()) }
/// ```
pub fn channel<T>(sender: mpsc::Sender<T>) -> Channel<T> {
    Channel {
        sender: Some(sender),
    }
}

/// The sink of [`channel`].
#[derive(Clone, Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Channel<T> {
    sender: Option<mpsc::Sender<T>>,
}

impl<T: Send> Sink<T> for Channel<T> {
    type Error = ReceiverGone;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), ReceiverGone> {
        let sender = self.sender.as_ref().ok_or(ReceiverGone(()))?;
        // As many as there is room for, and at least one: a receiver that is slow still gets what there is.
        let items = sender.capacity().clamp(1, batch.len().max(1));
        let permits = sender.reserve_many(items.min(batch.len())).await;
        let permits = permits.map_err(|_| ReceiverGone(()))?;
        for (permit, item) in permits.zip(batch.drain(..items.min(batch.len()))) {
            permit.send(item);
        }
        Ok(())
    }

    /// Drops the sender, so that the receiver sees the end.
    async fn close(&mut self) -> Result<(), ReceiverGone> {
        self.sender = None;
        Ok(())
    }
}

/// The receiver of a [`channel`] was dropped or closed; items that were not sent are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverGone(());

impl fmt::Display for ReceiverGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot send into the channel: its receiver is gone")
    }
}

impl Error for ReceiverGone {}
