//! `from_broadcast`: what comes through a broadcast channel of tokio, whose slow receivers miss items.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use thalweg_core::{Cx, Drained, DropReason, Meter, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use super::waited::Waited;

/// Emits what comes through a broadcast channel of tokio; what this receiver was too slow for is counted as dropped.
///
/// To be told of it at the place where it is missing see [`from_broadcast_or_lag`]. Completes when all senders are gone and
/// what they sent is emitted, or when it is asked to stop. A flow of this house that many consume is a `Subject`.
///
/// # Backpressure
///
/// None: the channel drops the oldest item that this receiver has not taken when it is full. Holds none itself; what was
/// missed stands in the plan, as dropped by overflow.
///
/// # Cancel safety
///
/// Dropping the flow drops the receiver; other receivers are not touched.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_broadcast};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (sender, receiver) = tokio::sync::broadcast::channel(2);
/// for price in [1, 2, 3, 4] {
///     sender.send(price).unwrap();
/// }
/// drop(sender);
/// assert_eq!(from_broadcast(receiver).collect::<Vec<_>>().await, Ok(vec![3, 4]));
/// # }
/// ```
#[doc(alias = "BroadcastStream")]
#[track_caller]
pub fn from_broadcast<T: Clone + Send + 'static>(
    receiver: Receiver<T>,
) -> Flow<FromBroadcast<T, T>> {
    FromBroadcast::new("from_broadcast", receiver, Result::ok)
}

/// Emits what comes through a broadcast channel of tokio, and [`Lagged`] where this receiver was too slow and missed items.
///
/// Else as [`from_broadcast`].
///
/// # Backpressure
///
/// None: the channel drops the oldest item that this receiver has not taken when it is full. Holds none itself.
///
/// # Cancel safety
///
/// Dropping the flow drops the receiver; other receivers are not touched.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_broadcast_or_lag};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (sender, receiver) = tokio::sync::broadcast::channel(2);
/// for price in [1, 2, 3, 4] {
///     sender.send(price).unwrap();
/// }
/// let mut prices = from_broadcast_or_lag(receiver);
/// assert_eq!(prices.next().await.unwrap().unwrap().unwrap_err().missed(), 2);
/// assert_eq!(prices.next().await, Ok(Some(Ok(3))));
/// # }
/// ```
#[doc(alias = "BroadcastStream")]
#[track_caller]
pub fn from_broadcast_or_lag<T: Clone + Send + 'static>(
    receiver: Receiver<T>,
) -> Flow<FromBroadcast<T, Result<T, Lagged>>> {
    FromBroadcast::new("from_broadcast_or_lag", receiver, Some)
}

/// Items that a slow receiver missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged(u64);

impl Lagged {
    /// Gives how many there were.
    pub fn missed(&self) -> u64 {
        self.0
    }
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a slow receiver missed {} items", self.0)
    }
}

impl Error for Lagged {}

/// The observable of [`from_broadcast`] and [`from_broadcast_or_lag`].
#[must_use = "observables do nothing unless they are polled"]
pub struct FromBroadcast<T, I> {
    receiver: Waited<Receiver<T>, Result<T, RecvError>>,
    item: fn(Result<T, Lagged>) -> Option<I>,
    meter: Meter,
    id: StageId,
}

impl<T: Clone + Send + 'static, I> FromBroadcast<T, I> {
    #[track_caller]
    fn new(
        name: &'static str,
        receiver: Receiver<T>,
        item: fn(Result<T, Lagged>) -> Option<I>,
    ) -> Flow<Self> {
        Flow::new(Self {
            receiver: Waited::Here(receiver),
            item,
            meter: Meter::new(),
            id: StageId::here(name),
        })
    }
}

impl<T: Clone + Send + 'static, I> Observable for FromBroadcast<T, I> {
    type Item = I;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(I) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.receiver = Waited::Gone;
        }
        loop {
            if let Waited::Gone = this.receiver {
                return Poll::Ready(Ok(Drained::Completed));
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let waited = ready!(this.receiver.poll(cx.task()));
            let received = match (waited, &mut this.receiver) {
                (Some(received), _) => received,
                (None, Waited::Here(receiver)) => match receiver.try_recv() {
                    Ok(item) => Ok(item),
                    Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                    Err(TryRecvError::Closed) => Err(RecvError::Closed),
                    Err(TryRecvError::Empty) => {
                        this.receiver.wait(|mut receiver| {
                            Box::pin(async move {
                                let output = receiver.recv().await;
                                (receiver, output)
                            })
                        });
                        continue;
                    }
                },
                (None, _) => Err(RecvError::Closed),
            };
            let received = match received {
                Ok(item) => {
                    this.meter.receive(1);
                    this.meter.emit(1);
                    Ok(item)
                }
                Err(RecvError::Lagged(missed)) => {
                    this.meter.receive(missed);
                    this.meter.drop_items(DropReason::Overflow, missed);
                    Err(Lagged(missed))
                }
                Err(RecvError::Closed) => {
                    this.receiver = Waited::Gone;
                    continue;
                }
            };
            cx.spend_many(1);
            if let Some(item) = (this.item)(received)
                && emit(item).is_break()
            {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).meter(&self.meter);
    }
}

impl<T, I> fmt::Debug for FromBroadcast<T, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromBroadcast")
            .field("meter", &self.meter)
            .field("ended", &matches!(self.receiver, Waited::Gone))
            .finish_non_exhaustive()
    }
}
