//! `skip_last`: drops the last items and lets the others pass.

use std::{collections::VecDeque, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Drops the last `count` items and lets the others pass, each when `count` more have come.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        skip_last(2)
    /// out  --------1--2--|
    /// ```
    ///
    /// [`UNLIMITED`](crate::transform::UNLIMITED) holds all there are and lets none pass.
    ///
    /// # Backpressure
    ///
    /// Passes it on once `count` items are held; holds at most that many. They are dropped at the end and counted as
    /// unmatched.
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
    /// let rows = ["1", "2", "a total of 3"].flow().skip_last(1);
    /// assert_eq!(rows.collect::<Vec<_>>().await, Ok(vec!["1", "2"]));
    /// # }
    /// ```
    #[doc(alias = "drop_last")]
    #[track_caller]
    pub fn skip_last(self, count: usize) -> Flow<SkipLast<O>> {
        Flow::new(SkipLast {
            stage: Stage::new("skip_last", self.into_inner(), ()),
            held: VecDeque::new(),
            count,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::skip_last`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct SkipLast<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        held: VecDeque<O::Item>,
        count: usize,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for SkipLast<O> {
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
        let this = self.project();
        let (held, ledger, count) = (this.held, this.ledger, *this.count);
        let (mut received, mut emitted) = (0, 0);
        let drained = this.stage.drain(cx, |(), item| {
            received += 1;
            if held.len() < count {
                held.push_back(item);
                return ControlFlow::Continue(());
            }
            let oldest = match held.pop_front() {
                Some(oldest) => {
                    held.push_back(item);
                    oldest
                }
                // None are to be skipped.
                None => item,
            };
            emitted += 1;
            emit(oldest)
        });
        ledger.receive(received);
        ledger.emit(emitted);
        let reason = match drained {
            Poll::Ready(Ok(Drained::Completed)) => DropReason::Unmatched,
            Poll::Ready(Err(_)) => DropReason::Failed,
            _ => return drained,
        };
        let left = std::mem::take(held).len() as u64;
        ledger.drop_items(reason, left);
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::at_most(self.count))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for SkipLast<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SkipLast")
            .field("stage", &self.stage)
            .field("count", &self.count)
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}
