//! `using`: a flow on a resource that is given back at its end.

use std::{
    fmt,
    marker::PhantomData,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use thalweg_operators::{Flow, error::Ending};

use super::lazy::Lazy;

/// Acquires a resource at the first poll, runs a flow on it, and gives it back at the end, whatever the end is.
///
/// ```text
///      using(acquire, |resource| --a-b-|, release)
/// out  --a-b-|
///      ^     ^ release(resource, Completed)
///      acquire
/// ```
///
/// `release` is called exactly once for every resource that was acquired, after the flow on it is dropped: at the
/// completion and at the error before they are told, and when the flow is dropped or panics, which is
/// [`Ending::Cancelled`]. Each clone acquires a resource of its own. When it is asked to stop before the first poll, none
/// is acquired.
///
/// What `release` does is done at once; for what has to be awaited there, hand it to a task.
///
/// # Backpressure
///
/// Passes it on; holds no items.
///
/// # Cancel safety
///
/// Nothing is lost but what the flow itself may lose; the resource is released.
///
/// # Errors
///
/// Those of the flow.
///
/// # Panics
///
/// A clone panics once the flow runs.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::error::Ending, prelude::*, sources::using};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("numbers");
/// let numbers = using(
///     || std::fs::write(&path, "1\n2\n").map(|()| &path),
///     |_| (1..=2).flow(),
///     |file, ending| {
///         assert_eq!(ending, Ending::Completed);
///         std::fs::remove_file(file.unwrap()).unwrap();
///     },
/// );
/// assert_eq!(numbers.count().await, Ok(2));
/// assert!(!path.exists());
/// # Ok(())
/// # }
/// ```
#[doc(alias = "resource")]
#[doc(alias = "bracket")]
#[doc(alias = "unfold_resource")]
#[track_caller]
pub fn using<R, O, A, F, X>(acquire: A, make: F, release: X) -> Flow<Using<R, O, A, F, X>>
where
    A: FnOnce() -> R,
    F: FnOnce(&mut R) -> O,
    O: Observable,
    X: FnOnce(R, Ending<'_, O::Error>),
{
    Flow::new(Using {
        lazy: Lazy::new("using", (acquire, make, release)),
    })
}

pin_project! {
    /// The observable of [`using`].
    #[must_use = "observables do nothing unless they are polled"]
    pub struct Using<R, O, A, F, X>
    where
        O: Observable,
        X: FnOnce(R, Ending<'_, O::Error>),
    {
        #[pin]
        lazy: Lazy<(A, F, X), Running<O, Held<R, O::Error, X>>>,
    }
}

pin_project! {
    /// Dropped in this order: first the flow, then what it uses.
    struct Running<O, H> {
        #[pin]
        flow: O,
        held: H,
    }
}

/// The resource, and how to give it back; as cancelled if it is just dropped.
struct Held<R, E, X: FnOnce(R, Ending<'_, E>)> {
    parts: Option<(R, X)>,
    error: PhantomData<fn(E)>,
}

impl<R, E, X: FnOnce(R, Ending<'_, E>)> Held<R, E, X> {
    fn new(parts: Option<(R, X)>) -> Self {
        Self {
            parts,
            error: PhantomData,
        }
    }

    fn release(&mut self, ending: Ending<'_, E>) {
        if let Some((resource, release)) = self.parts.take() {
            release(resource, ending);
        }
    }
}

impl<R, E, X: FnOnce(R, Ending<'_, E>)> Drop for Held<R, E, X> {
    fn drop(&mut self) {
        self.release(Ending::Cancelled);
    }
}

impl<R, O, A, F, X> Observable for Using<R, O, A, F, X>
where
    A: FnOnce() -> R,
    F: FnOnce(&mut R) -> O,
    O: Observable,
    X: FnOnce(R, Ending<'_, O::Error>),
{
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut lazy = self.project().lazy;
        if cx.stopping() && !lazy.has_begun() {
            lazy.as_mut().end();
        }
        let begin = |(acquire, make, release): (A, F, X)| {
            // Held before the flow is made, so that it is released if `make` panics.
            let mut held = Held::new(None);
            let (resource, _) = held.parts.insert((acquire(), release));
            let flow = make(resource);
            Running { flow, held }
        };
        let Some(running) = lazy.as_mut().run(begin) else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let running = running.project();
        let drained = ready!(running.flow.poll_drain(cx, emit));
        let ending = match &drained {
            Ok(Drained::Completed) => Ending::Completed,
            Err(error) => Ending::Failed(error),
            Ok(_) => return Poll::Ready(drained),
        };
        // Taken over first, so that it is released if the drop of the flow panics.
        let mut held = Held::new(running.held.parts.take());
        lazy.end();
        held.release(ending);
        Poll::Ready(drained)
    }

    fn describe(&self, plan: &mut Plan) {
        let flow = self.lazy.running().map(|running| &running.flow);
        self.lazy.describe(plan).inputs(flow);
    }
}

impl<R, O, A, F, X> Clone for Using<R, O, A, F, X>
where
    A: Clone,
    F: Clone,
    O: Observable,
    X: FnOnce(R, Ending<'_, O::Error>) + Clone,
{
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            lazy: self.lazy.clone(),
        }
    }
}

impl<R, O, A, F, X> fmt::Debug for Using<R, O, A, F, X>
where
    O: Observable,
    X: FnOnce(R, Ending<'_, O::Error>),
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lazy.fmt(f)
    }
}
