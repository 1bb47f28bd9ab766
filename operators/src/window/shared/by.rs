//! Borders by a notifier: each of its items closes a window and opens the next.

use std::{collections::VecDeque, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, StageMut};

use crate::Stage;

use super::{Border, Borders};

pin_project! {
    /// Windows between the items of a notifier.
    #[derive(Clone, Debug)]
    pub(in crate::window) struct By<N> {
        #[pin]
        notifier: Stage<N>,
    }
}

impl<N: Observable> By<N> {
    #[track_caller]
    pub(in crate::window) fn new(name: &'static str, notifier: N) -> Self {
        Self {
            notifier: Stage::new(name, notifier, ()),
        }
    }
}

impl<N: Observable> Borders<N::Error> for By<N> {
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        due: &mut VecDeque<Border>,
    ) -> Poll<Result<(), N::Error>> {
        let notifier = self.project().notifier;
        match notifier.drain(cx, |(), _| ControlFlow::Break(())) {
            Poll::Ready(Ok(Drained::Stopped)) => {
                due.extend([Border::CloseOldest, Border::Open]);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(Drained::Exhausted)) => Poll::Ready(Ok(())),
            Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }

    fn owes_stop(&self, cx: &Cx<'_, '_>) -> bool {
        self.notifier.owes_stop(cx)
    }

    fn end(self: Pin<&mut Self>) {
        self.project().notifier.end();
    }

    fn describe<'p>(&self, stage: StageMut<'p>) -> StageMut<'p> {
        stage.inputs(self.notifier.input())
    }
}
