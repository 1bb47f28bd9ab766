//! `stateful`: makes another item of every item and a state, and one of the state at the end.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Makes another item of every item and a state, and at completion one more of the state itself, if `flush` gives one.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        stateful(0, (sum, n) => { sum += n; n }, sum => Some(sum))
    /// out  --1--2--3--(6|)
    /// ```
    ///
    /// It is [`scan`](Self::scan) with a last word.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds the state and no items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the state; `flush` is not called.
    ///
    /// # Errors
    ///
    /// An error of the stream passes; the state is dropped, and `flush` is not called.
    ///
    /// # Examples
    ///
    /// A line for every reading, and the sum below:
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let report = [3, 4].flow().stateful(
    ///     0,
    ///     |sum, n| {
    ///         *sum += n;
    ///         format!("{n}")
    ///     },
    ///     |sum| Some(format!("sum {sum}")),
    /// );
    /// assert_eq!(report.collect::<Vec<_>>().await, Ok(vec!["3".into(), "4".into(), "sum 7".into()]));
    /// # }
    /// ```
    #[doc(alias = "stateful_map")]
    #[doc(alias = "map_with_state")]
    #[doc(alias = "map_accum")]
    #[track_caller]
    pub fn stateful<S, U, F, L>(self, initial: S, step: F, flush: L) -> Flow<Stateful<O, S, F, L>>
    where
        F: FnMut(&mut S, O::Item) -> U,
        L: FnOnce(S) -> Option<U>,
    {
        Flow::new(Stateful {
            stage: Stage::new("stateful", self.into_inner(), step),
            last: Some((initial, flush)),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::stateful`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Stateful<O, S, F, L> {
        #[pin]
        stage: Stage<O, F>,
        // Beside the stage, because it is wanted after the end of the source.
        last: Option<(S, L)>,
    }
}

impl<O, S, U, F, L> Observable for Stateful<O, S, F, L>
where
    O: Observable,
    F: FnMut(&mut S, O::Item) -> U,
    L: FnOnce(S) -> Option<U>,
{
    type Item = U;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(U) -> ControlFlow<()>,
    {
        let this = self.project();
        let last = this.last;
        let drained = match last {
            Some((state, _)) => this.stage.drain(cx, |step, item| emit(step(state, item))),
            None => return Poll::Ready(Ok(Drained::Completed)),
        };
        match drained {
            Poll::Ready(Ok(Drained::Completed)) if cx.budget() == 0 => {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            Poll::Ready(Ok(Drained::Completed)) => {}
            Poll::Ready(Err(_)) => {
                *last = None;
                return drained;
            }
            drained => return drained,
        }
        if let Some((state, flush)) = last.take()
            && let Some(item) = flush(state)
        {
            cx.spend_many(1);
            if emit(item).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        Poll::Ready(Ok(Drained::Completed))
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, S, F, L> fmt::Debug for Stateful<O, S, F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}
