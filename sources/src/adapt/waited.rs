//! A receiver that is there, or in a future that waits for it: those of tokio have no `poll_recv`.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

type Wait<R, O> = Pin<Box<dyn Future<Output = (R, O)> + Send>>;

/// Only a wait takes an allocation; a receiver that has something is asked where it stands.
pub(super) enum Waited<R, O> {
    Here(R),
    Waiting(Wait<R, O>),
    /// Ended; also while the receiver changes its place.
    Gone,
}

impl<R, O> Waited<R, O> {
    pub(super) fn wait(&mut self, wait: impl FnOnce(R) -> Wait<R, O>) {
        match std::mem::replace(self, Self::Gone) {
            Self::Here(receiver) => *self = Self::Waiting(wait(receiver)),
            other => *self = other,
        }
    }

    /// Gives what the wait gave, and has the receiver back; `None` if it is not waited for.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<Option<O>> {
        let Self::Waiting(wait) = self else {
            return Poll::Ready(None);
        };
        let (receiver, output) = ready!(wait.as_mut().poll(task));
        *self = Self::Here(receiver);
        Poll::Ready(Some(output))
    }
}
