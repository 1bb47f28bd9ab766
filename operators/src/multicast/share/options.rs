//! How a share starts and stops its source.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use thalweg_core::{BoxObservable, Cx, Drained, Fault, Observable};

use crate::Flow;

/// Items by which a subscriber may be behind, unless [`Flow::capacity`] says otherwise.
const CAPACITY: usize = 1024;

/// Makes the notifier after an error.
pub(in crate::multicast) type AfterError<E> = dyn Fn(&Fault<E>) -> Signal + Send + Sync;

/// Makes the notifier after the completion, or when nobody is subscribed.
pub(in crate::multicast) type Otherwise = dyn Fn() -> Signal + Send + Sync;

/// What may be chosen, for all clones of a share.
pub(in crate::multicast) struct Options<E> {
    pub(in crate::multicast) capacity: usize,
    /// Items that are replayed to those who come late.
    pub(in crate::multicast) history: usize,
    /// For how long they are.
    pub(in crate::multicast) ttl: Option<Duration>,
    pub(in crate::multicast) on_error: Reset<AfterError<E>>,
    pub(in crate::multicast) on_completion: Reset<Otherwise>,
    pub(in crate::multicast) on_zero: Reset<Otherwise>,
    /// How long to wait with a reset at zero.
    pub(in crate::multicast) grace: Duration,
}

impl<E> Options<E> {
    pub(in crate::multicast) fn new(history: usize, on_error: bool, on_completion: bool) -> Self {
        Self {
            capacity: CAPACITY,
            history,
            ttl: None,
            on_error: Reset::at_once_if(on_error),
            on_completion: Reset::at_once_if(on_completion),
            on_zero: Reset::AtOnce,
            grace: Duration::ZERO,
        }
    }
}

impl<E> Clone for Options<E> {
    fn clone(&self) -> Self {
        Self {
            capacity: self.capacity,
            history: self.history,
            ttl: self.ttl,
            on_error: self.on_error.clone(),
            on_completion: self.on_completion.clone(),
            on_zero: self.on_zero.clone(),
            grace: self.grace,
        }
    }
}

impl<E> fmt::Debug for Options<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("capacity", &self.capacity)
            .field("history", &self.history)
            .field("ttl", &self.ttl)
            .field("on_error", &self.on_error)
            .field("on_completion", &self.on_completion)
            .field("on_zero", &self.on_zero)
            .field("grace", &self.grace)
            .finish()
    }
}

/// Whether the next subscriber starts the source anew.
pub(in crate::multicast) enum Reset<F: ?Sized> {
    Never,
    AtOnce,
    /// Once a notifier has an item.
    When(Arc<F>),
}

impl<F: ?Sized> Reset<F> {
    pub(in crate::multicast) fn at_once_if(resets: bool) -> Self {
        if resets { Self::AtOnce } else { Self::Never }
    }

    pub(super) fn is_at_once(&self) -> bool {
        matches!(self, Self::AtOnce)
    }
}

impl<F: ?Sized> Clone for Reset<F> {
    fn clone(&self) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::AtOnce => Self::AtOnce,
            Self::When(notifier) => Self::When(Arc::clone(notifier)),
        }
    }
}

impl<F: ?Sized> fmt::Debug for Reset<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "Never",
            Self::AtOnce => "AtOnce",
            Self::When(_) => "When(..)",
        })
    }
}

/// A notifier until its first item.
pub(in crate::multicast) struct Signal {
    notifier: BoxObservable<'static, (), ()>,
}

impl Signal {
    pub(in crate::multicast) fn new(notifier: impl Observable + Send + 'static) -> Self {
        let notifier = Flow::new(notifier).map(drop).map_err(drop);
        Self {
            notifier: BoxObservable::new(notifier),
        }
    }

    /// Ready with whether an item has come, or will not any more.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<bool> {
        let mut signalled = false;
        let mut cx = Cx::new(task);
        let drained = Pin::new(&mut self.notifier).poll_drain(&mut cx, |()| {
            signalled = true;
            ControlFlow::Break(())
        });
        if signalled {
            return Poll::Ready(true);
        }
        match drained {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(Drained::Completed) | Err(())) => Poll::Ready(false),
            Poll::Ready(Ok(Drained::Stopped | Drained::Exhausted)) => {
                task.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
