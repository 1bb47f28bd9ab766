//! `channel`: items that are sent by hand.

use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use thalweg_core::{
    Cx, Drained, Fault, Meter, Observable, Overflow, Overflowed, Plan, StageId,
    queue::{Closed, QueueReceiver, QueueSender, Refused, queue},
};
use thalweg_operators::Flow;

/// Makes a flow of what is sent into it from anywhere in the program, and the handle to send.
///
/// Completes when every clone of the sender is dropped or one of them was [closed](Sender::close), and what was sent before
/// is emitted. When it is asked to stop it emits what was sent, completes, and refuses more.
///
/// # Backpressure
///
/// Holds `capacity` items; what happens to one more says `overflow`. With [`Overflow::Wait`] a sender waits, which is how
/// a slow consumer holds it back. What is dropped is counted.
///
/// # Cancel safety
///
/// Dropping the flow drops what it holds, counted as cancelled; senders get their items back from then on.
///
/// # Errors
///
/// [`Fault::Overflowed`] with [`Overflow::Fail`], once what fits is emitted; no other.
///
/// # Panics
///
/// Panics if `capacity` is 0.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::channel};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (sender, orders) = channel(16, Overflow::Wait);
/// tokio::spawn(async move {
///     for order in ["tea", "cake"] {
///         sender.send(order).await?;
///     }
///     Ok::<_, thalweg::queue::Closed<_>>(())
/// });
/// assert_eq!(orders.collect::<Vec<_>>().await, Ok(vec!["tea", "cake"]));
/// # }
/// ```
#[doc(alias = "mpsc")]
#[doc(alias = "create")]
#[doc(alias = "callback_flow")]
#[track_caller]
pub fn channel<T>(capacity: usize, overflow: Overflow) -> (Sender<T>, Flow<Channel<T>>) {
    let id = StageId::here("channel");
    let (queue, receiver) = queue(id, capacity, overflow, Meter::new());
    let channel = Channel {
        receiver: Some(receiver),
        id,
    };
    (Sender { queue, id }, Flow::new(channel))
}

/// The handle to send into a [`channel`]; clones send into the same one.
pub struct Sender<T> {
    queue: QueueSender<T, Fault<Infallible>>,
    id: StageId,
}

impl<T> Sender<T> {
    /// Sends an item; with [`Overflow::Wait`] waits until there is room.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the item was not sent and is dropped.
    ///
    /// # Errors
    ///
    /// Gives the item back if the flow has ended, was dropped, or fails because it had no room for it.
    pub async fn send(&self, item: T) -> Result<(), Closed<T>> {
        if self.queue.overflow() != Overflow::Wait {
            return self.try_send(item).map_err(|refused| match refused {
                Refused::Full(item) | Refused::Closed(item) => Closed(item),
            });
        }
        let mut slot = Some(item);
        let sent = poll_fn(|task| self.queue.poll_send(&mut slot, task)).await;
        match (sent, slot) {
            (Err(_), Some(item)) => Err(Closed(item)),
            _ => Ok(()),
        }
    }

    /// Sends an item if that needs no wait.
    ///
    /// # Errors
    ///
    /// Gives the item back as [`Refused::Full`] if there is no room, with [`Overflow::Wait`] and [`Overflow::Fail`]; the
    /// latter fails the flow. As [`Refused::Closed`] if the flow has ended or was dropped.
    pub fn try_send(&self, item: T) -> Result<(), Refused<T>> {
        let sent = self.queue.try_send(item);
        if let (Err(Refused::Full(_)), Overflow::Fail) = (&sent, self.queue.overflow()) {
            let overflowed = Overflowed::new(self.id, self.queue.capacity());
            self.queue.end(Err(Fault::Overflowed(overflowed)));
        }
        sent
    }

    /// Completes the flow once what was sent is emitted; all clones are refused from now on.
    pub fn close(&self) {
        self.queue.end(Ok(()));
    }

    /// Tells whether the flow takes nothing more: it has ended, was closed or dropped.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Gives the live numbers: what was sent, emitted, and dropped for want of room.
    pub fn meter(&self) -> &Meter {
        self.queue.meter()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            id: self.id,
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("id", &self.id)
            .field("capacity", &self.queue.capacity())
            .field("overflow", &self.queue.overflow())
            .finish_non_exhaustive()
    }
}

/// The observable of [`channel`].
#[must_use = "observables do nothing unless they are polled"]
pub struct Channel<T> {
    receiver: Option<QueueReceiver<T, Fault<Infallible>>>,
    id: StageId,
}

impl<T> Observable for Channel<T> {
    type Item = T;
    type Error = Fault<Infallible>;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let Some(receiver) = &mut self.receiver else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let mut polled = Pin::new(receiver).poll_drain(cx, emit);
        if cx.stopping() && polled.is_pending() {
            // Senders are not tasks that could be asked to end: with the queue empty this is the end.
            polled = Poll::Ready(Ok(Drained::Completed));
        }
        let drained = ready!(polled);
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            self.receiver = None;
        }
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        match &self.receiver {
            Some(receiver) => receiver.describe(plan),
            None => drop(plan.stage(self.id)),
        }
    }
}

impl<T> fmt::Debug for Channel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}
