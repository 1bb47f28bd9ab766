//! `materialize`: makes data of items, completion and error.

use std::{convert::Infallible, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

/// What can happen to a flow, as an item: of [`Flow::materialize`], for [`Flow::dematerialize`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "Signal")]
pub enum Notification<T, E> {
    /// An item came.
    Next(T),
    /// The flow failed.
    Failed(E),
    /// The flow completed.
    Completed,
}

impl<O: Observable> Flow<O> {
    /// Makes data of all that happens to a flow: of its items, of its completion, and of its error, which it thus handles.
    ///
    /// ```text
    /// in   --1-------2-------#
    ///        materialize
    /// out  --Next(1)-Next(2)-(Failed |)
    /// ```
    ///
    /// The last item is always `Completed` or `Failed`; the flow completes right after it.
    /// [`dematerialize`](Self::dematerialize) undoes it.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// None: the error of the stream is its last item.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{operators::transform::Notification, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let log = ["1", "x"].flow().map(str::parse::<u32>).raise().materialize();
    /// let log = log.collect::<Vec<_>>().await.unwrap();
    /// assert_eq!(log[0], Notification::Next(1));
    /// assert!(matches!(log[1], Notification::Failed(_)));
    /// # }
    /// ```
    #[track_caller]
    pub fn materialize(self) -> Flow<Materialize<O>> {
        Flow::new(Materialize {
            stage: Stage::new("materialize", self.into_inner(), ()),
            end: None,
            told: false,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::materialize`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Materialize<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        // How the source came to its end, until that is told.
        end: Option<Result<(), O::Error>>,
        told: bool,
    }
}

impl<O: Observable> Observable for Materialize<O> {
    type Item = Notification<O::Item, O::Error>;
    type Error = Infallible;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Infallible>>
    where
        E: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let this = self.project();
        if *this.told {
            return Poll::Ready(Ok(Drained::Completed));
        }
        let drained = this
            .stage
            .drain(cx, |(), item| emit(Notification::Next(item)));
        match drained {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Drained::Completed)) => {
                this.end.get_or_insert(Ok(()));
            }
            Poll::Ready(Ok(drained)) => return Poll::Ready(Ok(drained)),
            Poll::Ready(Err(error)) => *this.end = Some(Err(error)),
        }
        if cx.budget() == 0 {
            return Poll::Ready(Ok(Drained::Exhausted));
        }
        cx.spend_many(1);
        *this.told = true;
        let last = match this.end.take() {
            Some(Err(error)) => Notification::Failed(error),
            _ => Notification::Completed,
        };
        Poll::Ready(Ok(match emit(last) {
            ControlFlow::Continue(()) => Drained::Completed,
            ControlFlow::Break(()) => Drained::Stopped,
        }))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Materialize<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Materialize")
            .field("stage", &self.stage)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
