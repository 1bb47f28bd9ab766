//! What most operators have in common: one input, some state, and an end at which both are dropped.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

pin_project! {
    /// An input and the state of the operator on it, until the end.
    ///
    /// [`drain`](Self::drain) polls the input at one place, drops input and state at the moment it ends, and never polls
    /// it again. It also keeps the operator's name and the place where it was built.
    #[derive(Clone)]
    pub struct Stage<O, S = ()> {
        #[pin]
        source: Option<O>,
        // There as long as the source is.
        state: Option<S>,
        id: StageId,
        told_to_stop: bool,
    }
}

impl<O: Observable, S> Stage<O, S> {
    /// Creates a stage on `source`; the place is the caller's.
    #[track_caller]
    pub fn new(name: &'static str, source: O, state: S) -> Self {
        Self {
            source: Some(source),
            state: Some(state),
            id: StageId::here(name),
            told_to_stop: false,
        }
    }

    /// Gives the name of the operator and the place where it was built.
    pub fn id(&self) -> StageId {
        self.id
    }

    /// Makes another state of the stage's, for builder methods.
    pub(crate) fn map_state<R>(self, make: impl FnOnce(S) -> R) -> Stage<O, R> {
        Stage {
            state: self.state.map(make),
            source: self.source,
            id: self.id,
            told_to_stop: self.told_to_stop,
        }
    }

    /// Drains the input into `step`; at its end drops it, and the state.
    ///
    /// A stage that has ended is `Completed` for ever.
    #[inline]
    pub fn drain(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut step: impl FnMut(&mut S, O::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let this = self.project();
        *this.told_to_stop |= cx.stopping();
        let mut source = this.source;
        let (Some(input), Some(state)) = (source.as_mut().as_pin_mut(), this.state.as_mut()) else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        // Moved, so that behind a `dyn` call there is one closure and not a chain of references to closures.
        let drained = ready!(input.poll_drain(cx, move |item| step(state, item)));
        if matches!(drained, Ok(Drained::Completed) | Err(_)) {
            source.set(None);
            *this.state = None;
        }
        Poll::Ready(drained)
    }

    /// Drains the input until `choose` makes something of an item, which is the last that is handed on.
    ///
    /// The input and the state are dropped before that.
    #[inline]
    pub fn pick<T>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut choose: impl FnMut(&mut S, O::Item) -> Option<T>,
        mut emit: impl FnMut(T) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let mut picked = None;
        let drained = self.as_mut().drain(cx, |state, item| {
            picked = choose(state, item);
            if picked.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let drained = ready!(drained)?;
        let Some(picked) = picked else {
            return Poll::Ready(Ok(drained));
        };
        self.end();
        Poll::Ready(Ok(match emit(picked) {
            ControlFlow::Continue(()) => Drained::Completed,
            ControlFlow::Break(()) => Drained::Stopped,
        }))
    }

    /// Tells whether a stop was asked for that the input has not heard of, because it has not been polled since.
    ///
    /// An operator that has no use for items at the moment then drains with a budget of 0: nothing comes, but the
    /// sources hear of it.
    pub fn owes_stop(&self, cx: &Cx<'_, '_>) -> bool {
        cx.stopping() && !self.told_to_stop && self.source.is_some()
    }

    /// Pulls an item into `slot` if none waits there; if one does, the input is only told of a stop that it has not
    /// heard of.
    #[inline]
    pub(crate) fn fill(
        self: Pin<&mut Self>,
        slot: &mut Option<O::Item>,
        cx: &mut Cx<'_, '_>,
    ) -> Poll<Result<Drained, O::Error>> {
        let waits = slot.is_some();
        if waits && !self.owes_stop(cx) {
            return Poll::Pending;
        }
        cx.limited(if waits { 0 } else { u32::MAX }, |cx| {
            self.drain(cx, |_, item| {
                *slot = Some(item);
                ControlFlow::Break(())
            })
        })
    }

    /// Asks a notifier for an item, with half of the budget: one that is busy without any, as a filter can be, leaves
    /// the source the other half.
    pub(crate) fn poll_notifier(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
    ) -> Poll<Result<Drained, O::Error>> {
        let share = cx.budget().div_ceil(2);
        cx.limited(share, |cx| self.drain(cx, |_, _| ControlFlow::Break(())))
    }

    /// Ends the stage before its input does: drops the input and the state.
    pub fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.source.set(None);
        *this.state = None;
    }

    /// Tells whether the stage has ended.
    pub fn is_ended(&self) -> bool {
        self.source.is_none()
    }

    /// Gives the state, until the end.
    pub fn state(self: Pin<&mut Self>) -> Option<&mut S> {
        self.project().state.as_mut()
    }

    /// Gives a look at the input, until the end, for operators that describe themselves.
    pub fn input(&self) -> Option<&O> {
        self.source.as_ref()
    }

    /// Adds the stage and its input to a plan. It holds nothing and counts nothing.
    pub fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).inputs(self.input());
    }
}

/// Shows the input but not the state, which is a closure more often than not.
impl<O: fmt::Debug, S> fmt::Debug for Stage<O, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("source", &self.source.as_ref())
            .finish_non_exhaustive()
    }
}
