//! `from_mpsc`: what comes through a channel of tokio.

use std::{
    convert::Infallible,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use thalweg_core::{Cx, Drained, Holds, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::sync::mpsc;

/// Emits what comes through a channel of tokio, [bounded](mpsc::Receiver) or [not](mpsc::UnboundedReceiver).
///
/// Completes when all senders are gone and what they sent is emitted. When it is asked to stop it closes the channel,
/// emits what is in it, and completes. A flow whose sender counts and drops as well is [`channel`](crate::channel).
///
/// # Backpressure
///
/// Takes an item when the consumer wants one, so that senders into a bounded channel wait. Holds none but what is in the
/// channel; a plan shows that as the bound.
///
/// # Cancel safety
///
/// Dropping the flow drops the receiver, with what is in the channel.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_mpsc};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (sender, receiver) = tokio::sync::mpsc::channel(16);
/// sender.send("tea").await.unwrap();
/// drop(sender);
/// assert_eq!(from_mpsc(receiver).collect::<Vec<_>>().await, Ok(vec!["tea"]));
/// # }
/// ```
#[doc(alias = "ReceiverStream")]
#[doc(alias = "UnboundedReceiverStream")]
#[track_caller]
pub fn from_mpsc<R: MpscReceiver>(receiver: R) -> Flow<FromMpsc<R>> {
    Flow::new(FromMpsc {
        receiver: Some(receiver),
        id: StageId::here("from_mpsc"),
    })
}

/// The receiving end of a channel of tokio, bounded or not.
pub trait MpscReceiver: Unpin {
    /// What comes through.
    type Item;

    /// Gives the next item, or `None` when there will be none.
    fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<Option<Self::Item>>;

    /// Lets nothing more be sent; what was sent is received still.
    fn shut(&mut self);

    /// Tells how many items the channel holds at most.
    fn holds(&self) -> Holds;
}

impl<T> MpscReceiver for mpsc::Receiver<T> {
    type Item = T;

    fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(task)
    }

    fn shut(&mut self) {
        self.close();
    }

    fn holds(&self) -> Holds {
        Holds::Items(self.max_capacity())
    }
}

impl<T> MpscReceiver for mpsc::UnboundedReceiver<T> {
    type Item = T;

    fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(task)
    }

    fn shut(&mut self) {
        self.close();
    }

    fn holds(&self) -> Holds {
        Holds::Unbounded
    }
}

/// The observable of [`from_mpsc`].
#[must_use = "observables do nothing unless they are polled"]
pub struct FromMpsc<R> {
    receiver: Option<R>,
    id: StageId,
}

impl<R: MpscReceiver> Observable for FromMpsc<R> {
    type Item = R::Item;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(R::Item) -> ControlFlow<()>,
    {
        let stopping = cx.stopping();
        if stopping && let Some(receiver) = &mut self.receiver {
            receiver.shut();
        }
        while let Some(receiver) = &mut self.receiver {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let received = match receiver.poll_receive(cx.task()) {
                // A sender may hold on to its place for ever: what is there now is all.
                Poll::Pending if stopping => None,
                received => ready!(received),
            };
            let Some(item) = received else {
                self.receiver = None;
                break;
            };
            cx.spend_many(1);
            if emit(item).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        let holds = self
            .receiver
            .as_ref()
            .map_or(Holds::Nothing, MpscReceiver::holds);
        plan.stage(self.id).holds(holds);
    }
}

impl<R> fmt::Debug for FromMpsc<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromMpsc")
            .field("ended", &self.receiver.is_none())
            .finish_non_exhaustive()
    }
}
