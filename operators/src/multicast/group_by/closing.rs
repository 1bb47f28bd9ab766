//! The notifiers that close groups.

use std::{
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use thalweg_core::{BoxObservable, ChildWaker, Cx, Drained, Observable, ReadySet};

use crate::Flow;

/// Makes the notifier of a group.
pub(super) type CloseBy<K, E> = Arc<dyn Fn(&K) -> Notifier<E> + Send + Sync>;

/// A flow that closes a group by its first item, or by its completion.
pub(super) struct Notifier<E> {
    flow: BoxObservable<'static, (), E>,
}

impl<E> Notifier<E> {
    pub(super) fn new(flow: impl Observable<Error = E> + Send + 'static) -> Self {
        Self {
            flow: BoxObservable::new(Flow::new(flow).map(drop)),
        }
    }
}

/// One notifier for each group that is open; a poll costs what woke.
pub(super) struct Closing<K, E> {
    close_by: Option<CloseBy<K, E>>,
    /// By the index of the group's place.
    notifiers: Vec<Option<(Notifier<E>, ChildWaker)>>,
    ready: ReadySet,
}

impl<K, E> Closing<K, E> {
    pub(super) fn new(close_by: Option<CloseBy<K, E>>) -> Self {
        Self {
            close_by,
            notifiers: Vec::new(),
            ready: ReadySet::new(),
        }
    }

    pub(super) fn open(&mut self, index: usize, key: &K) {
        let Some(close_by) = &self.close_by else {
            return;
        };
        let notifier = close_by(key);
        if self.notifiers.len() <= index {
            self.notifiers.resize_with(index + 1, || None);
        }
        self.notifiers[index] = Some((notifier, self.ready.add(index)));
    }

    pub(super) fn forget(&mut self, index: usize) {
        if let Some(notifier) = self.notifiers.get_mut(index) {
            *notifier = None;
        }
    }

    /// Gives a group that is to be closed.
    ///
    /// # Errors
    ///
    /// The error of a notifier.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<Result<usize, E>> {
        if self.close_by.is_none() {
            return Poll::Pending;
        }
        self.ready.register(task.waker());
        let mut again = Vec::new();
        let mut due = Poll::Pending;
        while let Some(index) = self.ready.take() {
            let Some(Some((notifier, waker))) = self.notifiers.get_mut(index) else {
                // A wake that came after its end.
                continue;
            };
            waker.start();
            let mut signalled = false;
            let drained = Cx::new(task).woken_by(waker.waker(), |cx| {
                Pin::new(&mut notifier.flow).poll_drain(cx, |()| {
                    signalled = true;
                    ControlFlow::Break(())
                })
            });
            match drained {
                Poll::Ready(Err(error)) => due = Poll::Ready(Err(error)),
                Poll::Ready(Ok(Drained::Exhausted)) if !signalled => again.push(index),
                Poll::Pending if !signalled => {}
                _ => due = Poll::Ready(Ok(index)),
            }
            if due.is_ready() {
                self.forget(index);
                break;
            }
        }
        for index in again {
            if let Some(Some((_, waker))) = self.notifiers.get(index) {
                self.ready.again(waker);
                task.waker().wake_by_ref();
            }
        }
        due
    }
}
