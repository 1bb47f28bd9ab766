//! One group: the items of a key.

use std::{fmt, ops::ControlFlow, pin::Pin, sync::Arc, task::Poll};

use thalweg_core::{Cx, Drained, Fault, Observable, Plan, queue::QueueReceiver};

use crate::Flow;

use super::signals::Signals;

/// The items of one key, out of [`Flow::group_by`]: an observable.
///
/// Completes with the source, or when it is evicted. Dropping it closes the key until its next item.
#[must_use = "flows do nothing unless run"]
pub struct Group<K, T, E> {
    receiver: Option<QueueReceiver<T, Fault<E>>>,
    signals: Arc<Signals<K>>,
    /// Where the task has its queue.
    place: usize,
    key: K,
}

impl<K, T, E> Group<K, T, E> {
    pub(super) fn new(
        receiver: QueueReceiver<T, Fault<E>>,
        signals: Arc<Signals<K>>,
        place: usize,
        key: K,
    ) -> Self {
        Self {
            receiver: Some(receiver),
            signals,
            place,
            key,
        }
    }

    fn leave(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            // First, so that the task finds it closed.
            drop(receiver);
            self.signals.group_left(self.place);
        }
    }
}

impl<K: Clone, T, E> Flow<Group<K, T, E>> {
    /// Gives the key that all items of the group have in common.
    pub fn key(&self) -> &K {
        &self.inner().key
    }

    /// Gives the key for which all groups wait, as [`stalled`](Flow::stalled) of the flow of groups does.
    pub fn stalled_key(&self) -> Option<K> {
        self.inner().signals.stalled()
    }
}

// Nothing in it is ever pinned.
impl<K, T, E> Unpin for Group<K, T, E> {}

impl<K, T, E> Observable for Group<K, T, E> {
    type Item = T;
    type Error = Fault<E>;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: F,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let Some(receiver) = &mut this.receiver else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        if cx.stopping() {
            this.signals.request_stop();
        }
        let drained = Pin::new(receiver).poll_drain(cx, emit);
        if matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_))) {
            this.leave();
        } else {
            this.signals.group_read();
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.leaf("group");
    }
}

impl<K, T, E> Drop for Group<K, T, E> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<K: fmt::Debug, T, E> fmt::Debug for Group<K, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("key", &self.key)
            .field("ended", &self.receiver.is_none())
            .finish_non_exhaustive()
    }
}
