//! One group: the items of a key.

use std::{fmt, ops::ControlFlow, pin::Pin, sync::Arc, task::Poll};

use thalweg_core::{Cx, Drained, Fault, Observable, Plan};

use crate::Flow;

use super::{core::Shared, state::Place};

/// The items of one key, out of [`Flow::group_by`]: an observable.
///
/// Completes with the source, or when it is evicted. Dropping it closes the key until its next item.
#[must_use = "flows do nothing unless run"]
pub struct Group<K, T, E> {
    shared: Option<Arc<Shared<K, T, E>>>,
    place: Place,
    key: K,
}

impl<K, T, E> Group<K, T, E> {
    pub(super) fn new(shared: Arc<Shared<K, T, E>>, place: Place, key: K) -> Self {
        Self {
            shared: Some(shared),
            place,
            key,
        }
    }

    fn leave(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.core.leave(self.place);
        }
    }
}

impl<K, T, E> Flow<Group<K, T, E>>
where
    K: Clone + Send + 'static,
    T: Send + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// Gives the key that all items of the group have in common.
    pub fn key(&self) -> &K {
        &self.inner().key
    }

    /// Gives the key for which all groups wait, as [`stalled`](Flow::stalled) of the flow of groups does.
    pub fn stalled_key(&self) -> Option<K> {
        self.inner().shared.as_ref()?.core.stalled()
    }
}

// Nothing in it is ever pinned.
impl<K, T, E> Unpin for Group<K, T, E> {}

impl<K, T, E> Observable for Group<K, T, E>
where
    K: Clone + Send + 'static,
    T: Send + 'static,
    E: Clone + Send + Sync + 'static,
{
    type Item = T;
    type Error = Fault<E>;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        F: FnMut(T) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let Some(shared) = &this.shared else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let place = this.place;
        let drained = shared.poll(place, cx, |shared, cx| {
            let mut work = shared.core.take_items(place)?;
            while !work.items.is_empty() {
                if !cx.spend() {
                    return Some(Drained::Exhausted);
                }
                if let Some(item) = work.items.pop_front()
                    && emit(item).is_break()
                {
                    return Some(Drained::Stopped);
                }
            }
            None
        });
        if matches!(drained, Poll::Ready(Ok(Drained::Completed) | Err(_))) {
            this.leave();
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
            .field("ended", &self.shared.is_none())
            .finish_non_exhaustive()
    }
}
