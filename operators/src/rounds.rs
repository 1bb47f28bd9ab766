//! A flow that runs again whenever another flow, its companion, has an item.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{
    Cx, Drained, Meter, Observable, Overflow, Plan, StageId,
    queue::{QueueReceiver, QueueSender, queue},
};

use crate::{Flow, delegate::delegate};

pin_project! {
    /// What the companion of a flow that runs again is told: one item for every round that has come to its end.
    ///
    /// Holds one item at most: a companion that has not looked at the last one when the next comes finds the next. It never
    /// fails; its error type is that of the flow, so that what is made of it can fail the flow.
    #[derive(Debug)]
    #[must_use = "observables do nothing unless they are polled"]
    pub struct Notices<T, E> {
        #[pin]
        receiver: QueueReceiver<T, E>,
    }
}

impl<T, E> Observable for Notices<T, E> {
    type Item = T;
    type Error = E;

    delegate!(receiver);
}

/// When a round ends: what the companion is told to begin another, or the end of it all.
pub(crate) type Occasion<T, E> = ControlFlow<Result<(), E>, T>;

pin_project! {
    /// The rounds of a flow, each a pristine clone, and the companion that begins all but the first.
    ///
    /// The companion is made when a round first asks for another. While a round runs it is heard too, until it has an item,
    /// which is kept for the end of the round.
    pub(crate) struct Rounds<O, N, F, T>
    where
        O: Observable,
    {
        #[pin]
        round: Option<O>,
        // What further rounds are made of, until the end.
        pristine: Option<O>,
        #[pin]
        companion: Option<N>,
        // Makes the companion, until it has.
        make: Option<F>,
        sender: Option<QueueSender<T, O::Error>>,
        begun: bool,
        // The companion has had an item for the next round.
        called: bool,
        id: StageId,
        notices: StageId,
    }
}

impl<O, N, F, T> Rounds<O, N, F, T>
where
    O: Observable + Clone,
    N: Observable<Error = O::Error>,
    F: FnOnce(Flow<Notices<T, O::Error>>) -> N,
{
    #[track_caller]
    pub(crate) fn new(name: &'static str, notices: &'static str, source: O, make: F) -> Self {
        Self {
            round: None,
            pristine: Some(source),
            companion: None,
            make: Some(make),
            sender: None,
            begun: false,
            called: false,
            id: StageId::here(name),
            notices: StageId::here(notices),
        }
    }

    /// Drains rounds until one ends without an `occasion` for another.
    ///
    /// The companion's completion ends everything: at once, or, if it `lets_finish`, when no round runs.
    #[inline]
    pub(crate) fn drain(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        lets_finish: bool,
        occasion: impl Fn(Result<(), O::Error>) -> Occasion<T, O::Error>,
        mut emit: impl FnMut(O::Item) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        if cx.stopping() {
            // There are no further rounds, so nobody is needed to begin them.
            self.as_mut().dismiss();
            if self.begun && self.round.is_none() {
                self.as_mut().end();
            }
        }
        let mut busy = false;
        loop {
            let mut this = self.as_mut().project();
            let Some(pristine) = this.pristine else {
                return Poll::Ready(Ok(Drained::Completed));
            };
            let waits = *this.begun && this.round.is_none();
            if !*this.called
                && let Some(companion) = this.companion.as_mut().as_pin_mut()
            {
                // One that is busy without an item, as a filter can be, leaves the round its half.
                let share = if waits {
                    u32::MAX
                } else {
                    cx.budget().div_ceil(2)
                };
                let said = cx.limited(share, |cx| {
                    companion.poll_drain(cx, |_| {
                        *this.called = true;
                        ControlFlow::Break(())
                    })
                });
                match said {
                    Poll::Ready(Err(error)) => {
                        self.end();
                        return Poll::Ready(Err(error));
                    }
                    Poll::Ready(Ok(Drained::Completed)) if waits || !lets_finish => {
                        self.end();
                        return Poll::Ready(Ok(Drained::Completed));
                    }
                    Poll::Ready(Ok(Drained::Completed)) => this.companion.set(None),
                    Poll::Ready(Ok(Drained::Exhausted)) => busy = true,
                    Poll::Ready(Ok(Drained::Stopped)) | Poll::Pending => {}
                }
                if waits && !*this.called {
                    return if busy {
                        Poll::Ready(Ok(Drained::Exhausted))
                    } else {
                        Poll::Pending
                    };
                }
            }
            if this.round.is_none() {
                this.round.set(Some(pristine.clone()));
                *this.begun = true;
                if std::mem::take(this.called) {
                    // It may have come to its end with that item, and is to wake the task if not.
                    continue;
                }
            }
            let Some(round) = this.round.as_mut().as_pin_mut() else {
                continue;
            };
            let end = match round.poll_drain(cx, &mut emit) {
                Poll::Ready(Ok(Drained::Completed)) => Ok(()),
                Poll::Ready(Err(error)) => Err(error),
                Poll::Pending if busy => return Poll::Ready(Ok(Drained::Exhausted)),
                rest => return rest,
            };
            this.round.set(None);
            if let Some(end) = self.as_mut().ask(cx.stopping(), end, &occasion) {
                self.end();
                return Poll::Ready(end.map(|()| Drained::Completed));
            }
        }
    }

    /// Asks the companion for another round; the end of everything if there is none to be.
    fn ask(
        self: Pin<&mut Self>,
        stopping: bool,
        end: Result<(), O::Error>,
        occasion: impl Fn(Result<(), O::Error>) -> Occasion<T, O::Error>,
    ) -> Option<Result<(), O::Error>> {
        let mut this = self.project();
        if stopping {
            return Some(end);
        }
        let notice = match occasion(end) {
            ControlFlow::Continue(notice) => notice,
            ControlFlow::Break(end) => return Some(end),
        };
        if let Some(make) = this.make.take() {
            let (sender, receiver) = queue(*this.notices, 1, Overflow::DropOldest, Meter::new());
            *this.sender = Some(sender);
            this.companion
                .set(Some(make(Flow::new(Notices { receiver }))));
        }
        if this.companion.is_none() {
            return Some(Ok(()));
        }
        // A companion that does not listen is told nothing.
        let _ = this.sender.as_ref().map(|sender| sender.try_send(notice));
        None
    }

    fn dismiss(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.companion.set(None);
        *this.sender = None;
        *this.make = None;
    }

    fn end(mut self: Pin<&mut Self>) {
        self.as_mut().dismiss();
        let mut this = self.project();
        this.round.set(None);
        *this.pristine = None;
    }
}

impl<O, N, F, T> Rounds<O, N, F, T>
where
    O: Observable,
    N: Observable,
{
    pub(crate) fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id)
            .inputs(self.round.as_ref().or(self.pristine.as_ref()))
            .inputs(self.companion.as_ref());
    }
}

impl<O, N, F, T> Clone for Rounds<O, N, F, T>
where
    O: Observable + Clone,
    F: Clone,
{
    /// A clone starts anew.
    ///
    /// # Panics
    ///
    /// Panics if there is a companion: it may hold what cannot be cloned.
    #[track_caller]
    fn clone(&self) -> Self {
        assert!(
            self.companion.is_none(),
            "{} runs: clone a flow before it is polled",
            self.id
        );
        Self {
            round: self.round.clone(),
            pristine: self.pristine.clone(),
            companion: None,
            make: self.make.clone(),
            sender: None,
            begun: self.begun,
            called: self.called,
            id: self.id,
            notices: self.notices,
        }
    }
}

impl<O, N, F, T> fmt::Debug for Rounds<O, N, F, T>
where
    O: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.id.name())
            .field("round", &self.round)
            .field("pristine", &self.pristine)
            .field("companion", &self.companion.is_some())
            .finish_non_exhaustive()
    }
}
