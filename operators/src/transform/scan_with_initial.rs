//! `scan_with_initial`: emits a state, and again after every item that changed it.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Emits `initial`, and the state again after every item that `step` has put into it.
    ///
    /// ```text
    /// in   --1--2--3--|
    ///        scan_with_initial(0, sum += n)
    /// out  0-1--3--6--|
    /// ```
    ///
    /// The source is polled once the initial state is out. It is a source of its own: when the flow is asked to stop before
    /// it has begun, it is not emitted. To emit something else than the state, and without a clone, see
    /// [`scan`](Self::scan).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds the state and no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the state: an item changes it and the result is handed on in one step.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let open = [1, 1, -1].flow().scan_with_initial(0, |open, change| *open += change);
    /// assert_eq!(open.collect::<Vec<_>>().await, Ok(vec![0, 1, 2, 1]));
    /// # }
    /// ```
    #[doc(alias = "running_fold")]
    #[doc(alias = "scan_with")]
    #[track_caller]
    pub fn scan_with_initial<S, F>(self, initial: S, step: F) -> Flow<ScanWithInitial<O, S, F>>
    where
        S: Clone,
        F: FnMut(&mut S, O::Item),
    {
        Flow::new(ScanWithInitial {
            stage: Stage::new("scan_with_initial", self.into_inner(), (initial, step)),
            begun: false,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::scan_with_initial`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct ScanWithInitial<O, S, F> {
        #[pin]
        stage: Stage<O, (S, F)>,
        begun: bool,
    }
}

impl<O, S, F> Observable for ScanWithInitial<O, S, F>
where
    O: Observable,
    S: Clone,
    F: FnMut(&mut S, O::Item),
{
    type Item = S;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(S) -> ControlFlow<()>,
    {
        let mut this = self.project();
        if !*this.begun && !cx.stopping() {
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            *this.begun = true;
            if let Some((initial, _)) = this.stage.as_mut().state() {
                cx.spend_many(1);
                if emit(initial.clone()).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
        }
        *this.begun = true;
        this.stage.drain(cx, move |(state, step), item| {
            step(state, item);
            emit(state.clone())
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, S, F> fmt::Debug for ScanWithInitial<O, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanWithInitial")
            .field("stage", &self.stage)
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}
