//! A clone of a share: a subscriber from its first poll on.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use thalweg_core::{
    Cx, Drained, Fault, Holds, Observable, Plan,
    hub::{Delivery, Lagging, Subscriber},
};

use super::connection::Shared;

/// A [`Subscriber`], or what is made of one.
pub(in crate::multicast) trait Listener<T, E> {
    fn of(subscriber: Subscriber<T, E>) -> Self;

    fn subscriber(&mut self) -> &mut Subscriber<T, E>;
}

impl<T, E> Listener<T, E> for Subscriber<T, E> {
    fn of(subscriber: Subscriber<T, E>) -> Self {
        subscriber
    }

    fn subscriber(&mut self) -> &mut Self {
        self
    }
}

impl<T, E> Listener<T, E> for Lagging<T, E> {
    fn of(subscriber: Subscriber<T, E>) -> Self {
        subscriber.lagging()
    }

    fn subscriber(&mut self) -> &mut Subscriber<T, E> {
        self.subscriber()
    }
}

/// A clone of a share: a subscriber from its first poll on, until it has ended.
pub(in crate::multicast) struct Seat<O: Observable, S> {
    shared: Option<Arc<Shared<O>>>,
    pub(super) delivery: Delivery,
    /// The number of the run, and the subscription to it.
    taken: Option<(u64, S)>,
    /// It has once waited for the others to come to their graceful end.
    waited: bool,
}

impl<O: Observable, S> Seat<O, S> {
    pub(in crate::multicast) fn new(shared: Arc<Shared<O>>, delivery: Delivery) -> Self {
        Self {
            shared: Some(shared),
            delivery,
            taken: None,
            waited: false,
        }
    }

    /// Takes a seat of its own at the same share; beside one that has ended, one that has ended.
    pub(in crate::multicast) fn another<R>(&self, delivery: Delivery) -> Seat<O, R> {
        Seat {
            shared: self.shared.clone(),
            delivery,
            taken: None,
            waited: false,
        }
    }

    pub(in crate::multicast) fn shared(&self) -> Option<&Shared<O>> {
        self.shared.as_deref()
    }

    pub(in crate::multicast) fn describe(&self, plan: &mut Plan) {
        let holds = match self.delivery {
            Delivery::Lossless => None,
            Delivery::Lag(items) => Some(items),
            Delivery::Latest => Some(1),
        };
        if let Some(shared) = &self.shared {
            shared.describe(plan, holds.map(Holds::Items));
        }
    }

    /// Unsubscribes, and drops the run if it was the last that listened.
    fn leave(&mut self) {
        let (taken, shared) = (self.taken.take(), self.shared.take());
        if let (Some((number, subscriber)), Some(shared)) = (taken, shared) {
            drop(subscriber);
            shared.after_leave(number);
        }
    }
}

impl<O, S> Seat<O, S>
where
    O: Observable<Item: Clone>,
    S: Observable<Error = Fault<O::Error>> + Listener<O::Item, Fault<O::Error>> + Unpin,
{
    pub(in crate::multicast) fn poll_drain(
        &mut self,
        cx: &mut Cx<'_, '_>,
        emit: impl FnMut(S::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, S::Error>> {
        if self.taken.is_none()
            && !cx.stopping()
            && let Some(shared) = &self.shared
        {
            self.taken = shared
                .subscribe(self.delivery)
                .map(|(number, subscriber)| (number, S::of(subscriber)));
        }
        let Some((_, listener)) = &mut self.taken else {
            self.shared = None;
            return Poll::Ready(Ok(Drained::Completed));
        };
        if cx.stopping() {
            let subscriber = listener.subscriber();
            subscriber.request_stop();
            if !subscriber.others_go_on() {
                // The source comes to its end for all.
            } else if self.waited {
                subscriber.complete_here();
            } else {
                // The others may hear of it in this very poll of the task.
                self.waited = true;
                cx.waker().wake_by_ref();
            }
        }
        let drained = ready!(Pin::new(listener).poll_drain(cx, emit));
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            self.leave();
        }
        Poll::Ready(drained)
    }
}

impl<O: Observable, S> Clone for Seat<O, S> {
    fn clone(&self) -> Self {
        self.another(self.delivery)
    }
}

impl<O: Observable, S> Drop for Seat<O, S> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<O: Observable + fmt::Debug, S> fmt::Debug for Seat<O, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat")
            .field("shared", &self.shared)
            .field("delivery", &self.delivery)
            .field("subscribed", &self.taken.is_some())
            .finish_non_exhaustive()
    }
}
