//! `from_watch`: the values of a watch channel of tokio, of which only the newest counts.

use std::{
    convert::Infallible,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};
use thalweg_operators::Flow;
use tokio::sync::watch::Receiver;

use super::waited::Waited;

/// Emits the value of a watch channel of tokio at once, then its newest whenever it has changed.
///
/// Completes when all senders are gone and the last value is emitted, or when it is asked to stop.
///
/// # Backpressure
///
/// A consumer that is slow sees only the newest of several values. Holds none.
///
/// # Cancel safety
///
/// Dropping the flow drops the receiver.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::from_watch};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (sender, receiver) = tokio::sync::watch::channel("starting");
/// let mut states = from_watch(receiver);
/// assert_eq!(states.next().await, Ok(Some("starting")));
/// sender.send("almost").unwrap();
/// sender.send("ready").unwrap();
/// drop(sender);
/// assert_eq!(states.collect::<Vec<_>>().await, Ok(vec!["ready"]));
/// # }
/// ```
#[doc(alias = "WatchStream")]
#[track_caller]
pub fn from_watch<T: Clone + Send + Sync + 'static>(receiver: Receiver<T>) -> Flow<FromWatch<T>> {
    Flow::new(FromWatch {
        receiver: Waited::Here(receiver),
        // The first value is one that nobody has seen.
        is_new: true,
        id: StageId::here("from_watch"),
    })
}

/// The observable of [`from_watch`].
#[must_use = "observables do nothing unless they are polled"]
pub struct FromWatch<T> {
    /// The wait tells whether there is a new value, or there will be none.
    receiver: Waited<Receiver<T>, bool>,
    is_new: bool,
    id: StageId,
}

impl<T: Clone + Send + Sync + 'static> Observable for FromWatch<T> {
    type Item = T;
    type Error = Infallible;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Infallible>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let this = &mut *self;
        if cx.stopping() {
            this.receiver = Waited::Gone;
        }
        loop {
            match ready!(this.receiver.poll(cx.task())) {
                Some(true) => this.is_new = true,
                Some(false) => this.receiver = Waited::Gone,
                None => {}
            }
            let Waited::Here(receiver) = &mut this.receiver else {
                return Poll::Ready(Ok(Drained::Completed));
            };
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if !this.is_new {
                this.receiver.wait(|mut receiver| {
                    Box::pin(async move {
                        let changed = receiver.changed().await.is_ok();
                        (receiver, changed)
                    })
                });
                continue;
            }
            this.is_new = false;
            let value = receiver.borrow_and_update().clone();
            cx.spend_many(1);
            if emit(value).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id);
    }
}

impl<T> fmt::Debug for FromWatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromWatch")
            .field("ended", &matches!(self.receiver, Waited::Gone))
            .finish_non_exhaustive()
    }
}
