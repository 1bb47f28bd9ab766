//! `Client::sender`: messages to whatever connection a client has.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use futures_util::Sink as _;
use thalweg_core::Sink;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_tungstenite::tungstenite::{Error as Cause, Message};

use super::open::Socket;

/// Sends over the connection that the flow of a [`Client`](super::Client) has, by hand or as a sink; clones send over the
/// same.
///
/// A message is queued, and sent when the flow is polled and has a connection, after the subscriptions. While there is
/// none the queue keeps what fits, and sending waits once it is full; nothing is dropped to make room. What a connection
/// took before it broke may not have come to the server, and is not sent again: what must be, belongs into a
/// [subscription](super::Client::subscribe), or into an answer of the server's that is waited for.
#[derive(Clone)]
pub struct ClientSender {
    url: String,
    queue: Sender<Message>,
}

impl ClientSender {
    /// Queues a message, and waits for room in the queue.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message is not sent.
    ///
    /// # Errors
    ///
    /// [`NotSent`], with the message, if the flow has ended for good.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), NotSent> {
        let sent = self.queue.send(message.into()).await;
        sent.map_err(|refused| self.refused(refused.0))
    }

    fn refused(&self, message: Message) -> NotSent {
        let url = self.url.clone();
        NotSent { url, message }
    }
}

/// Holds nothing. Flushed and closed at once: the queue goes on to be sent as long as the flow runs.
impl<T: Into<Message> + Send> Sink<T> for ClientSender {
    type Error = NotSent;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), NotSent> {
        while !batch.is_empty() {
            // The place first, so that a write that is cancelled has taken nothing that is not queued.
            let Ok(place) = self.queue.reserve().await else {
                return Err(self.refused(batch.remove(0).into()));
            };
            place.send(batch.remove(0).into());
        }
        Ok(())
    }
}

impl fmt::Debug for ClientSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSender")
            .field("url", &self.url)
            .field("room", &self.queue.capacity())
            .finish_non_exhaustive()
    }
}

/// A message that will not be sent: the flow of the client has ended.
#[derive(Debug)]
pub struct NotSent {
    url: String,
    message: Message,
}

impl NotSent {
    /// Gives the message back.
    pub fn into_message(self) -> Message {
        self.message
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot send to {}: its flow has ended", self.url)
    }
}

impl Error for NotSent {}

/// Where the queue is when no flow of the client has it.
#[derive(Clone)]
pub(super) struct Outgoing(Arc<Mutex<Option<Receiver<Message>>>>);

impl Outgoing {
    pub(super) fn new(url: &str, capacity: usize) -> (ClientSender, Self) {
        let (queue, receiver) = channel(capacity);
        let url = url.to_owned();
        let outgoing = Self(Arc::new(Mutex::new(Some(receiver))));
        (ClientSender { url, queue }, outgoing)
    }

    /// Takes the queue, if no other flow has it.
    pub(super) fn take(&self) -> Option<Queue> {
        let receiver = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        Some(Queue {
            receiver: Some(receiver),
            place: self.clone(),
        })
    }
}

/// The queue, in the hands of a flow. It is put back when that ends.
pub(super) struct Queue {
    receiver: Option<Receiver<Message>>,
    place: Outgoing,
}

impl Queue {
    /// Hands the socket a message, if it has room for one; ready if it has taken it.
    pub(super) fn poll_send(
        &mut self,
        socket: &mut Socket,
        task: &mut Context<'_>,
    ) -> Poll<Result<(), Cause>> {
        let mut socket = std::pin::Pin::new(socket);
        let Some(receiver) = &mut self.receiver else {
            return Poll::Pending;
        };
        ready!(socket.as_mut().poll_ready(task))?;
        match ready!(receiver.poll_recv(task)) {
            Some(message) => Poll::Ready(socket.start_send(message)),
            // All senders are gone.
            None => Poll::Pending,
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let mut place = self.place.0.lock().unwrap_or_else(PoisonError::into_inner);
        *place = self.receiver.take();
    }
}
