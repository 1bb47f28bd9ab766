//! `take_last`: emits the last items once its source has completed.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Emits the last `count` items, in their order, once the source has completed.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        take_last(2)
    /// out  --------------(34|)
    /// ```
    ///
    /// If there are fewer, emits them all. `take_last(0)` completes without polling the source;
    /// [`UNLIMITED`](crate::transform::UNLIMITED) keeps all there are.
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not among the last is dropped and counted as superseded. Holds at most `count` items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the items that are held, at most `count`, and counts them as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; what is held is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!((1..=9).flow().take_last(3).collect::<Vec<_>>().await, Ok(vec![7, 8, 9]));
    /// # }
    /// ```
    #[doc(alias = "tail")]
    #[track_caller]
    pub fn take_last(self, count: usize) -> Flow<TakeLast<O>> {
        Flow::new(TakeLast {
            stage: Stage::new("take_last", self.into_inner(), ()),
            last: VecDeque::new(),
            count,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::take_last`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct TakeLast<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        last: VecDeque<O::Item>,
        count: usize,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for TakeLast<O> {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let (last, ledger, count) = (this.last, this.ledger, *this.count);
        if count == 0 {
            this.stage.as_mut().end();
        }
        let (mut received, mut superseded) = (0, 0);
        let drained = this.stage.drain(cx, |(), item| {
            received += 1;
            if last.len() == count {
                last.pop_front();
                superseded += 1;
            }
            last.push_back(item);
            ControlFlow::Continue(())
        });
        ledger.receive(received);
        ledger.drop_items(DropReason::Superseded, superseded);
        let drained = ready!(drained);
        match drained {
            Ok(Drained::Completed) => {}
            Err(_) => {
                let left = std::mem::take(last).len() as u64;
                ledger.drop_items(DropReason::Failed, left);
                return Poll::Ready(drained);
            }
            Ok(_) => return Poll::Ready(drained),
        }
        let mut emitted = 0;
        let rest = loop {
            if last.is_empty() {
                *last = VecDeque::new();
                break Drained::Completed;
            }
            // There may be more of them than one poll should hand on.
            if !cx.spend() {
                break Drained::Exhausted;
            }
            emitted += 1;
            if last.pop_front().map(&mut emit) == Some(ControlFlow::Break(())) {
                break Drained::Stopped;
            }
        };
        ledger.emit(emitted);
        Poll::Ready(Ok(rest))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::at_most(self.count))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for TakeLast<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakeLast")
            .field("stage", &self.stage)
            .field("count", &self.count)
            .field("held", &self.last.len())
            .finish_non_exhaustive()
    }
}
