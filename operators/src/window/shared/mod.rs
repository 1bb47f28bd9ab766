//! What the `buffer_` and `window_` operators are made of: rules of where windows open and close ([`Borders`]), times
//! ways of gathering what comes in between ([`Gather`]).

mod buffers;
mod by;
mod count;
mod gap;
mod open;
mod queues;
mod time;
mod toggle;
mod when;
mod window;

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Holds, Meter, Observable, Plan, StageMut};

use crate::{Stage, combine::QUANTUM};

pub use self::window::Window;
pub(super) use self::{
    buffers::Buffers, by::By, count::Count, gap::Gap, queues::Queues, time::Time, toggle::Toggle,
    when::When,
};

/// What happens to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Border {
    /// One more opens.
    Open,
    /// The one that has been open for longest closes.
    CloseOldest,
    /// The one of that number closes, in the order of opening, from 0.
    Close(u64),
}

/// Where windows open and close; `E` is the error of the flows that say so.
pub(super) trait Borders<E> {
    /// Whether a window is open from the beginning.
    const OPENS_AT_ONCE: bool = true;

    /// Whether an item moves a border, so that there is another time to wait for.
    const MOVED_BY_ITEMS: bool = false;

    /// Reads the clock, once per poll of the operator; for rules that look at it.
    fn read_clock(self: Pin<&mut Self>) {}

    /// Adds to `due` what is due now, which goes before the items of the same instant.
    ///
    /// Ready without anything due means that an input may have more, but not within the budget.
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        due: &mut VecDeque<Border>,
    ) -> Poll<Result<(), E>>;

    /// Counts an item that was put into the open windows, and adds to `due` the borders that come with it.
    fn count(self: Pin<&mut Self>, due: &mut VecDeque<Border>) {
        let _ = due;
    }

    /// Tells whether there is an input that has not heard of a stop yet.
    fn owes_stop(&self, cx: &Cx<'_, '_>) -> bool {
        let _ = cx;
        false
    }

    /// Drops the inputs.
    fn end(self: Pin<&mut Self>) {}

    /// Tells how many items the open windows may have at most, all together.
    fn holds(&self) -> Holds {
        Holds::Unbounded
    }

    /// Adds the inputs to the description of the operator.
    fn describe<'p>(&self, stage: StageMut<'p>) -> StageMut<'p> {
        stage
    }
}

/// What becomes of the items of a window.
pub(super) trait Gather<O: Observable> {
    /// What is emitted for every window.
    type Output;

    /// Opens or closes a window, and gives what is to be emitted for it now.
    fn cross(&mut self, border: Border) -> Option<Self::Output>;

    /// Tells whether no window is open.
    fn is_empty(&self) -> bool;

    /// Tells whether there is room for an item; if there is not, has the task woken once there is.
    fn poll_room(&mut self, task: &mut Context<'_>) -> bool;

    /// Puts an item into all open windows; tells whether there surely is room for another.
    fn put(&mut self, item: O::Item) -> bool;

    /// Delivers and counts what was put, at the end of a poll.
    fn settle(&mut self);

    /// Ends all open windows with an error of the stream, and gives it back.
    fn fail(&mut self, error: O::Error) -> O::Error;

    /// Tells whether a consumer of a window asked for a graceful end, and has the task woken when one does.
    fn stop_requested(&mut self, task: &mut Context<'_>) -> bool;

    /// Tells how many items are held at most, if the open windows have at most `open` of them.
    fn holds(&self, open: Holds) -> Holds;

    fn meter(&self) -> &Meter;
}

pin_project! {
    /// The items of a source between borders.
    #[derive(Clone)]
    pub(super) struct Windows<O, B, G> {
        #[pin]
        stage: Stage<O>,
        #[pin]
        borders: B,
        gather: G,
        // Borders that were found and have not been crossed.
        due: VecDeque<Border>,
        // What the flows that give borders may still use before the items have their turn.
        share: u32,
        stopping: bool,
    }
}

impl<O: Observable, B: Borders<O::Error>, G> Windows<O, B, G> {
    pub(super) fn new(stage: Stage<O>, borders: B, gather: G) -> Self {
        Self {
            stage,
            borders,
            gather,
            due: B::OPENS_AT_ONCE
                .then_some(Border::Open)
                .into_iter()
                .collect(),
            share: QUANTUM,
            stopping: false,
        }
    }

    pub(super) fn borders_mut(&mut self) -> &mut B {
        &mut self.borders
    }

    pub(super) fn gather_mut(&mut self) -> &mut G {
        &mut self.gather
    }
}

impl<O, B, G> Windows<O, B, G>
where
    O: Observable,
    B: Borders<O::Error>,
    G: Gather<O>,
{
    pub(super) fn poll_drain(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        emit: impl FnMut(G::Output) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let this = self.as_mut().project();
        *this.stopping |= cx.stopping() || this.gather.stop_requested(cx.task());
        let (budget, stopping) = (cx.budget(), *this.stopping);
        // A stop that the consumer of a window asked for is one for the source, too.
        let mut own = Cx::new(cx.task()).with_budget(budget).with_stop(stopping);
        let drained = self.as_mut().run(&mut own, emit);
        let spent = budget - own.budget();
        cx.spend_many(spent);
        self.project().gather.settle();
        drained
    }

    fn run(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: impl FnMut(G::Output) -> ControlFlow<()>,
    ) -> Poll<Result<Drained, O::Error>> {
        let mut this = self.project();
        let (gather, due) = (this.gather, this.due);
        this.borders.as_mut().read_clock();
        loop {
            // Every input hears of a stop before anything goes out, as the consumer may break there.
            let tells = this.stage.owes_stop(cx) || this.borders.owes_stop(cx);
            if this.stage.is_ended() && due.is_empty() {
                if gather.is_empty() {
                    return Poll::Ready(Ok(Drained::Completed));
                }
                due.push_back(Border::CloseOldest);
            }
            if !tells
                && cx.budget() > 0
                && let Some(border) = due.pop_front()
            {
                if let Some(output) = gather.cross(border)
                    && emit(output).is_break()
                {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
                continue;
            }
            if this.stage.is_ended() {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            let mut has_more = !due.is_empty();
            if due.is_empty() || tells {
                let before = cx.budget();
                let quota = if tells { 0 } else { *this.share };
                let borders = this.borders.as_mut();
                match cx.limited(quota, |cx| borders.poll(cx, due)) {
                    Poll::Ready(Ok(())) => has_more = true,
                    Poll::Ready(Err(error)) => {
                        this.stage.end();
                        return Poll::Ready(Err(fail(this.borders, gather, due, error)));
                    }
                    Poll::Pending => {}
                }
                *this.share -= before - cx.budget();
                if !due.is_empty() && !tells && cx.budget() > 0 {
                    continue;
                }
            }
            if !tells && !gather.poll_room(cx.task()) {
                return at_rest(has_more);
            }
            let quota = if tells { 0 } else { u32::MAX };
            let borders = &mut this.borders;
            let had_turn = !tells && cx.budget() > 0;
            let mut came = false;
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |(), item| {
                    came = true;
                    let has_room = gather.put(item);
                    borders.as_mut().count(due);
                    if has_room && due.is_empty() {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                })
            });
            if had_turn {
                *this.share = QUANTUM;
            }
            match drained {
                Poll::Ready(Ok(Drained::Completed)) => this.borders.as_mut().end(),
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Err(fail(this.borders, gather, due, error)));
                }
                _ if tells => {}
                Poll::Ready(Ok(Drained::Stopped)) => {}
                Poll::Ready(Ok(Drained::Exhausted)) => return at_rest(true),
                Poll::Pending if B::MOVED_BY_ITEMS && came => {}
                Poll::Pending => return at_rest(has_more),
            }
        }
    }
}

impl<O, B, G> Windows<O, B, G>
where
    O: Observable,
    B: Borders<O::Error>,
    G: Gather<O>,
{
    pub(super) fn describe(&self, plan: &mut Plan) {
        let stage = plan
            .stage(self.stage.id())
            .holds(self.gather.holds(self.borders.holds()))
            .meter(self.gather.meter())
            .inputs(self.stage.input());
        self.borders.describe(stage);
    }
}

fn at_rest<E>(has_more: bool) -> Poll<Result<Drained, E>> {
    if has_more {
        Poll::Ready(Ok(Drained::Exhausted))
    } else {
        Poll::Pending
    }
}

/// Ends everything with an error of the source or of a flow that gives the borders.
fn fail<O: Observable>(
    borders: Pin<&mut impl Borders<O::Error>>,
    gather: &mut impl Gather<O>,
    due: &mut VecDeque<Border>,
    error: O::Error,
) -> O::Error {
    borders.end();
    due.clear();
    gather.fail(error)
}

/// How an item comes into several windows: `None` where there is never more than one.
pub(super) type Copies<T> = fn(&T) -> Option<T>;

/// For windows that do not overlap.
pub(super) fn no_copies<T>(_: &T) -> Option<T> {
    None
}

/// For windows that may overlap.
#[expect(clippy::unnecessary_wraps, reason = "it is one of two `Copies`")]
pub(super) fn clones<T: Clone>(item: &T) -> Option<T> {
    Some(item.clone())
}

impl<O: fmt::Debug, B: fmt::Debug, G: fmt::Debug> fmt::Debug for Windows<O, B, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Windows")
            .field("stage", &self.stage)
            .field("borders", &self.borders)
            .field("gather", &self.gather)
            .finish_non_exhaustive()
    }
}
