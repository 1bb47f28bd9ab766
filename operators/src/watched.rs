//! What operators with a time limit look at: whether their consumer waits.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable};

use crate::Stage;

/// What came of a poll of the input.
pub(crate) struct Watched<E> {
    pub(crate) drained: Poll<Result<Drained, E>>,
    /// Items came.
    pub(crate) came: bool,
    /// The consumer asked for an item, and is left to wait for one.
    pub(crate) waits: bool,
}

impl<O: Observable, S> Stage<O, S> {
    /// Drains the input and looks whether the consumer waits for it.
    #[inline]
    pub(crate) fn drain_watched(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(O::Item) -> ControlFlow<()>,
    ) -> Watched<O::Error> {
        // Without a budget nobody asks for an item.
        let asked = cx.budget() > 0;
        let mut came = false;
        let drained = self.drain(cx, |_, item| {
            came = true;
            emit(item)
        });
        let waits = match drained {
            Poll::Pending => asked,
            Poll::Ready(Ok(Drained::Exhausted)) => asked && !came,
            Poll::Ready(_) => false,
        };
        Watched {
            drained,
            came,
            waits,
        }
    }
}
