//! A single poll, for tests of what lies between two of them.

use std::{
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use thalweg::{Cx, Drained, Observable};
use thalweg_operators::Flow;

/// How a poll came to rest.
pub(crate) type Rest<E> = Poll<Result<Drained, E>>;

/// Polls once, and gives what came and how it came to rest.
pub(crate) fn poll<O: Observable + Unpin>(
    flow: &mut Flow<O>,
    budget: u32,
    stopping: bool,
) -> (Vec<O::Item>, Rest<O::Error>) {
    let mut task = Context::from_waker(Waker::noop());
    let mut cx = Cx::new(&mut task).with_budget(budget).with_stop(stopping);
    let mut items = Vec::new();
    let rest = Pin::new(flow).poll_drain(&mut cx, |item| {
        items.push(item);
        ControlFlow::Continue(())
    });
    (items, rest)
}
