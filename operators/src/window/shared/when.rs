//! Borders by closings: a flow is made for every window, and its first item ends it.

use std::{collections::VecDeque, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, StageMut};

use crate::Stage;

use super::{Border, Borders};

pin_project! {
    /// Windows one after the other, each until its closing has an item.
    #[derive(Clone)]
    pub(in crate::window) struct When<F, C> {
        make: Option<F>,
        #[pin]
        closing: Option<Stage<C>>,
        // Whether a closing that completes without an item ends its window as well.
        completion_closes: bool,
        name: &'static str,
    }
}

impl<F, C> When<F, C> {
    pub(in crate::window) fn new(name: &'static str, make: F) -> Self {
        Self {
            make: Some(make),
            closing: None,
            completion_closes: false,
            name,
        }
    }

    pub(in crate::window) fn closed_by_completion(mut self) -> Self {
        self.completion_closes = true;
        self
    }
}

impl<F: FnMut() -> C, C: Observable> Borders<C::Error> for When<F, C> {
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        due: &mut VecDeque<Border>,
    ) -> Poll<Result<(), C::Error>> {
        let mut this = self.project();
        let Some(make) = this.make else {
            return Poll::Pending;
        };
        if this.closing.is_none() {
            // Closings that complete at once cost something, too: they could be made for ever.
            if !cx.spend() {
                return Poll::Ready(Ok(()));
            }
            let closing = make();
            this.closing.set(Some(Stage::new(this.name, closing, ())));
        }
        let Some(closing) = this.closing.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let was_ended = closing.is_ended();
        match closing.drain(cx, |(), _| ControlFlow::Break(())) {
            Poll::Ready(Ok(Drained::Stopped)) => {}
            // One that was asked to stop says nothing about its window.
            Poll::Ready(Ok(Drained::Completed))
                if *this.completion_closes && !was_ended && !cx.stopping() => {}
            Poll::Ready(Ok(Drained::Exhausted)) => return Poll::Ready(Ok(())),
            Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
        }
        // Dropped before the next one is made: both may want the same socket or lock.
        this.closing.set(None);
        due.extend([Border::CloseOldest, Border::Open]);
        Poll::Ready(Ok(()))
    }

    fn owes_stop(&self, cx: &Cx<'_, '_>) -> bool {
        let closing = self.closing.as_ref();
        closing.is_some_and(|closing| closing.owes_stop(cx))
    }

    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.closing.set(None);
        *this.make = None;
    }

    fn describe<'p>(&self, stage: StageMut<'p>) -> StageMut<'p> {
        stage.inputs(self.closing.as_ref().and_then(Stage::input))
    }
}

/// Shows the closing of the open window, not what makes them.
impl<F, C: fmt::Debug> fmt::Debug for When<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("closing", &self.closing)
            .finish_non_exhaustive()
    }
}
