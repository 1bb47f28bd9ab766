//! A subscriber that tells what it lost, in place.

use std::{error::Error, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use crate::{Cx, Drained, Observable, Plan};

use super::subscriber::{News, Subscriber};

/// A [`Subscriber`] that tells what it lost: where items are missing, a [`Lagged`] stands in their place.
#[derive(Debug)]
#[must_use = "observables do nothing unless they are polled"]
pub struct Lagging<T, E> {
    subscriber: Subscriber<T, E>,
}

impl<T, E> Lagging<T, E> {
    pub(super) fn new(subscriber: Subscriber<T, E>) -> Self {
        Self { subscriber }
    }

    /// Gives the subscriber behind it.
    pub fn subscriber(&mut self) -> &mut Subscriber<T, E> {
        &mut self.subscriber
    }
}

impl<T: Clone, E: Clone> Observable for Lagging<T, E> {
    type Item = Result<T, Lagged>;
    type Error = E;

    fn poll_drain<F>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: F,
    ) -> Poll<Result<Drained, E>>
    where
        F: FnMut(Result<T, Lagged>) -> ControlFlow<()>,
    {
        self.subscriber.drain(cx, true, |news| {
            emit(match news {
                News::Item(item) => Ok(item),
                News::Missed(missed) => Err(Lagged { missed }),
            })
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.subscriber.describe(plan);
    }
}

/// A subscriber fell behind by more than it may, and lost items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged {
    missed: u64,
}

impl Lagged {
    /// Gives the number of items that were lost here.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the subscriber fell behind and lost {} items",
            self.missed
        )
    }
}

impl Error for Lagged {}
