//! Borders by openings and closings: any number of windows, each with a flow that closes it.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::Poll,
};

use pin_project_lite::pin_project;
use thalweg_core::{ChildWaker, Cx, Drained, Observable, ReadySet, StageMut};

use crate::Stage;

use super::{Border, Borders};

pin_project! {
    /// Windows that open with every item of one flow, and close with the first of another that is made for each.
    #[derive(Clone)]
    pub(in crate::window) struct Toggle<N, F, C> {
        #[pin]
        openings: Stage<N, F>,
        opened: usize,
        closings: Closings<C>,
    }
}

impl<N: Observable, F, C> Toggle<N, F, C> {
    #[track_caller]
    pub(in crate::window) fn new(name: &'static str, openings: N, closing: F) -> Self {
        Self {
            openings: Stage::new(name, openings, closing),
            opened: 0,
            closings: Closings::new(),
        }
    }
}

impl<N, F, C> Borders<N::Error> for Toggle<N, F, C>
where
    N: Observable,
    F: FnMut(&N::Item) -> C,
    C: Observable<Error = N::Error>,
{
    const OPENS_AT_ONCE: bool = false;

    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        due: &mut VecDeque<Border>,
    ) -> Poll<Result<(), N::Error>> {
        let mut this = self.project();
        let has_more = match this.closings.poll(cx) {
            Poll::Ready(Ok(Some(number))) => {
                due.push_back(Border::Close(number as u64));
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(Ok(None)) => true,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => false,
        };
        let mut closing = None;
        let drained = this.openings.as_mut().drain(cx, |make, opening| {
            closing = Some(make(&opening));
            ControlFlow::Break(())
        });
        if let Some(closing) = closing {
            due.push_back(Border::Open);
            this.closings.add(*this.opened, closing);
            *this.opened += 1;
        }
        match drained {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(Drained::Completed)) | Poll::Pending if !has_more => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }

    fn owes_stop(&self, cx: &Cx<'_, '_>) -> bool {
        self.openings.owes_stop(cx) || self.closings.owe_stop(cx)
    }

    fn end(self: Pin<&mut Self>) {
        let this = self.project();
        this.openings.end();
        this.closings.waiting.clear();
    }

    fn describe<'p>(&self, stage: StageMut<'p>) -> StageMut<'p> {
        let closings = self.closings.waiting.values();
        stage
            .inputs(self.openings.input())
            .inputs(closings.map(|closing| &*closing.source))
    }
}

/// The closings of the open windows, by the windows' numbers. A poll costs what woke, not what there is.
struct Closings<C> {
    waiting: BTreeMap<usize, Closing<C>>,
    ready: ReadySet,
    told_to_stop: bool,
}

struct Closing<C> {
    source: Pin<Box<C>>,
    waker: ChildWaker,
}

impl<C> Closings<C> {
    fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            ready: ReadySet::new(),
            told_to_stop: false,
        }
    }

    fn add(&mut self, number: usize, closing: C) {
        let closing = Closing {
            source: Box::pin(closing),
            waker: self.ready.add(number),
        };
        self.waiting.insert(number, closing);
    }

    fn owe_stop(&self, cx: &Cx<'_, '_>) -> bool {
        cx.stopping() && !self.told_to_stop && !self.waiting.is_empty()
    }
}

impl<C: Observable> Closings<C> {
    /// Gives the number of a window that closes; ready without one if a closing may have more than the budget allows.
    fn poll(&mut self, cx: &mut Cx<'_, '_>) -> Poll<Result<Option<usize>, C::Error>> {
        if cx.stopping() && !std::mem::replace(&mut self.told_to_stop, true) {
            for closing in self.waiting.values() {
                self.ready.again(&closing.waker);
            }
        }
        self.ready.register(cx.waker());
        // Polled again at the next poll, not at once: they may be busy without an item.
        let mut busy = Vec::new();
        let mut closed = None;
        while closed.is_none()
            && let Some(number) = self.ready.take()
        {
            let Some(closing) = self.waiting.get_mut(&number) else {
                // A wake that came after its end.
                continue;
            };
            closing.waker.start();
            let source = closing.source.as_mut();
            let drained = cx.woken_by(closing.waker.waker(), |cx| {
                source.poll_drain(cx, |_| ControlFlow::Break(()))
            });
            match drained {
                Poll::Pending => {}
                Poll::Ready(Ok(Drained::Exhausted)) => busy.push(number),
                Poll::Ready(Ok(Drained::Stopped)) => {
                    self.waiting.remove(&number);
                    closed = Some(number);
                }
                // Without an item: the window stays open.
                Poll::Ready(Ok(Drained::Completed)) => drop(self.waiting.remove(&number)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        for number in &busy {
            if let Some(closing) = self.waiting.get(number) {
                self.ready.again(&closing.waker);
            }
        }
        if closed.is_some() || !busy.is_empty() {
            Poll::Ready(Ok(closed))
        } else {
            Poll::Pending
        }
    }
}

impl<C: Clone> Clone for Closings<C> {
    /// The clone has wakers of its own, and everyone in line.
    fn clone(&self) -> Self {
        let mut closings = Self::new();
        for (number, closing) in &self.waiting {
            closings.add(*number, C::clone(&closing.source));
        }
        closings
    }
}

/// Shows the openings, not what makes closings.
impl<N: fmt::Debug, F, C> fmt::Debug for Toggle<N, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Toggle")
            .field("openings", &self.openings)
            .field("open", &self.closings.waiting.len())
            .finish_non_exhaustive()
    }
}
