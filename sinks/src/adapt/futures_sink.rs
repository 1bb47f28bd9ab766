//! `futures_sink`: any sink of the `futures` crates.

use std::{future::poll_fn, pin::Pin};

use futures_sink::Sink as Other;
use thalweg_core::Sink;

use crate::rest::Rest;

/// Sends every item into a sink of the `futures` crates: a framed connection, a channel, a half of a WebSocket.
///
/// Flushes and closes as the flow does.
///
/// # Backpressure
///
/// A sink that is not ready holds back the flow. Holds nothing; what the sink buffers is up to the sink.
///
/// # Durability
///
/// As the sink has it, which is flushed when the flow has nothing ready. A crash loses what it had buffered.
///
/// # Errors
///
/// Those of the sink. The item that it failed with is gone; those after it are still in the batch. Most sinks fail for
/// ever once they have.
///
/// # Cancel safety
///
/// What was not sent is still in the batch.
///
/// # Examples
///
/// ```
/// use futures_util::StreamExt;
/// use thalweg::{prelude::*, sinks::futures_sink};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (sender, receiver) = futures::channel::mpsc::channel(8);
/// (1..=3).flow().run_into(futures_sink(sender)).await?;
/// assert_eq!(receiver.collect::<Vec<_>>().await, [1, 2, 3]);
/// # Ok(()) }
/// ```
#[doc(alias = "from_sink")]
pub fn futures_sink<S>(sink: S) -> FuturesSink<S> {
    FuturesSink { sink }
}

/// The sink of [`futures_sink()`].
#[derive(Clone, Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct FuturesSink<S> {
    sink: S,
}

impl<T, S> Sink<T> for FuturesSink<S>
where
    T: Send,
    S: Other<T> + Send + Unpin,
    S::Error: Send,
{
    type Error = S::Error;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), S::Error> {
        let mut rest = Rest::of(batch);
        while !rest.items.as_slice().is_empty() {
            poll_fn(|task| Pin::new(&mut self.sink).poll_ready(task)).await?;
            if let Some(item) = rest.items.next() {
                Pin::new(&mut self.sink).start_send(item)?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), S::Error> {
        poll_fn(|task| Pin::new(&mut self.sink).poll_flush(task)).await
    }

    async fn close(&mut self) -> Result<(), S::Error> {
        poll_fn(|task| Pin::new(&mut self.sink).poll_close(task)).await
    }
}
