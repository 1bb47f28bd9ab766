//! `create`: what an async function sends.

mod emitter;

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Holds, Observable, Plan};
use thalweg_operators::Flow;

use super::lazy::Lazy;
use emitter::{Taker, hand_over};

pub use emitter::Emitter;

/// Emits what a future sends, and completes when it is done.
///
/// ```text
///      create(async |emit| { emit.send(1).await; wait(3).await; emit.send(2).await; })
/// out  1--(2|)
/// ```
///
/// The future begins at the first poll and runs in the flow's own task, only while the consumer wants items: each
/// [`send`](Emitter::send) waits until its item is taken. For items from other tasks see [`channel`](crate::channel), for
/// a future that may fail [`try_create`].
///
/// Completes too when it is asked to stop; the future is dropped then, wherever it waits.
///
/// # Backpressure
///
/// A send waits for the consumer. Holds the item of the send that waits: one, unless several are made at once.
///
/// # Cancel safety
///
/// Dropping the flow drops the future, with the item that it sends.
///
/// # Panics
///
/// A clone panics once the flow runs: its future cannot be cloned.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::create};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let primes = create(|emit| async move {
///     let mut found: Vec<u32> = Vec::new();
///     for n in 2.. {
///         if found.iter().all(|prime| n % prime != 0) {
///             found.push(n);
///             emit.send(n).await;
///         }
///     }
/// });
/// assert_eq!(primes.take(5).collect::<Vec<_>>().await, Ok(vec![2, 3, 5, 7, 11]));
/// # }
/// ```
#[doc(alias = "emitter")]
#[doc(alias = "async_stream")]
#[track_caller]
pub fn create<T, F, U>(emitting: F) -> Flow<Create<T, F, U, Infallible>>
where
    F: FnOnce(Emitter<T>) -> U,
    U: Future<Output = ()>,
{
    Flow::new(Create {
        lazy: Lazy::new("create", emitting),
        result: Ok,
    })
}

/// Emits what a future sends, as [`create`], and fails if the future does.
///
/// ```text
///      try_create(async |emit| { emit.send(1).await; wait(3).await; Err(error) })
/// out  1--#
/// ```
///
/// # Backpressure
///
/// A send waits for the consumer. Holds the item of the send that waits: one, unless several are made at once.
///
/// # Cancel safety
///
/// Dropping the flow drops the future, with the item that it sends.
///
/// # Errors
///
/// The error of the future.
///
/// # Panics
///
/// A clone panics once the flow runs: its future cannot be cloned.
///
/// # Examples
///
/// ```
/// use std::num::ParseIntError;
/// use thalweg::{prelude::*, sources::try_create};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let numbers = try_create(|emit| async move {
///     for word in ["1", "2", "three"] {
///         emit.send(word.parse::<u8>()?).await;
///     }
///     Ok::<_, ParseIntError>(())
/// });
/// let mut seen = Vec::new();
/// assert!(numbers.for_each(|n| seen.push(n)).await.is_err());
/// assert_eq!(seen, [1, 2]);
/// # }
/// ```
#[doc(alias = "emitter")]
#[doc(alias = "try_stream")]
#[track_caller]
pub fn try_create<T, F, U, E>(emitting: F) -> Flow<Create<T, F, U, E>>
where
    F: FnOnce(Emitter<T>) -> U,
    U: Future<Output = Result<(), E>>,
{
    Flow::new(Create {
        lazy: Lazy::new("try_create", emitting),
        result: |result| result,
    })
}

pin_project! {
    /// The observable of [`create`] and [`try_create`].
    #[must_use = "observables do nothing unless they are polled"]
    pub struct Create<T, F, U, E>
    where
        U: Future,
    {
        #[pin]
        lazy: Lazy<F, Running<T, U>>,
        result: fn(U::Output) -> Result<(), E>,
    }
}

pin_project! {
    /// Dropped in this order: sends end with the future that they are in.
    struct Running<T, U> {
        #[pin]
        future: U,
        taker: Taker<T>,
    }
}

impl<T, F, U, E> Observable for Create<T, F, U, E>
where
    F: FnOnce(Emitter<T>) -> U,
    U: Future,
{
    type Item = T;
    type Error = E;

    fn poll_drain<M>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: M,
    ) -> Poll<Result<Drained, E>>
    where
        M: FnMut(T) -> ControlFlow<()>,
    {
        let this = self.project();
        let mut lazy = this.lazy;
        if cx.stopping() {
            lazy.as_mut().end();
        }
        let begin = |emitting: F| {
            let (emitter, taker) = hand_over();
            let future = emitting(emitter);
            Running { future, taker }
        };
        let Some(running) = lazy.as_mut().run(begin) else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let mut running = running.project();
        running.taker.attend();
        while cx.budget() > 0 {
            if let Poll::Ready(output) = running.future.as_mut().poll(cx.task()) {
                lazy.end();
                return Poll::Ready((this.result)(output).map(|()| Drained::Completed));
            }
            let item = ready!(running.taker.poll_take(cx.task()));
            cx.spend_many(1);
            if emit(item).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        Poll::Ready(Ok(Drained::Exhausted))
    }

    fn describe(&self, plan: &mut Plan) {
        self.lazy.describe(plan).holds(Holds::Items(1));
    }
}

impl<T, F: Clone, U: Future, E> Clone for Create<T, F, U, E> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            lazy: self.lazy.clone(),
            result: self.result,
        }
    }
}

impl<T, F, U: Future, E> fmt::Debug for Create<T, F, U, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lazy.fmt(f)
    }
}
