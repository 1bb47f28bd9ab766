//! The end of every flow: where a spent budget becomes a yield to the runtime.

use std::{
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use thalweg_core::{Cx, Drained, Observable};

use crate::Stage;

/// How a flow came to rest under a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Completed,
    Stopped,
}

/// Turns a spent budget into a wake and `Pending`, so that the other tasks run first.
pub(crate) fn settle<E>(drained: Result<Drained, E>, waker: &Waker) -> Poll<Result<Rest, E>> {
    match drained? {
        Drained::Completed => Poll::Ready(Ok(Rest::Completed)),
        Drained::Stopped => Poll::Ready(Ok(Rest::Stopped)),
        Drained::Exhausted => {
            waker.wake_by_ref();
            Poll::Pending
        }
    }
}

/// Polls a flow to its end or to a break of `emit`, with the default budget.
#[inline]
pub(crate) fn drive<O: Observable>(
    source: Pin<&mut O>,
    task: &mut Context<'_>,
    stopping: bool,
    emit: impl FnMut(O::Item) -> ControlFlow<()>,
) -> Poll<Result<Rest, O::Error>> {
    let drained = ready!(source.poll_drain(&mut Cx::new(task).with_stop(stopping), emit));
    settle(drained, task.waker())
}

/// As [`drive`], for a terminal that keeps its closure beside its input.
#[inline]
pub(crate) fn drive_stage<O: Observable, S>(
    stage: Pin<&mut Stage<O, S>>,
    task: &mut Context<'_>,
    step: impl FnMut(&mut S, O::Item) -> ControlFlow<()>,
) -> Poll<Result<Rest, O::Error>> {
    let drained = ready!(stage.drain(&mut Cx::new(task), step));
    settle(drained, task.waker())
}

/// Looks for an item that `settles` what a terminal asks, and tells whether there was one; the input is dropped either way.
#[inline]
pub(crate) fn find_out<O: Observable, S>(
    mut stage: Pin<&mut Stage<O, S>>,
    task: &mut Context<'_>,
    mut settles: impl FnMut(&mut S, O::Item) -> bool,
) -> Poll<Result<bool, O::Error>> {
    let rest = drive_stage(stage.as_mut(), task, |state, item| {
        if settles(state, item) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let rest = ready!(rest)?;
    stage.end();
    Poll::Ready(Ok(rest == Rest::Stopped))
}
