//! `expand`: makes a flow of every item, and of every item of such a flow.

use std::{collections::VecDeque, fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Fault, Holds, Observable, Overflowed, Plan};

use super::merge_map::{Running, SOURCE, Turn};
use crate::{Flow, Stage, ledger::Ledger};

/// Items that may wait for their flow to begin, unless [`Flow::capacity`] says otherwise.
const CAPACITY: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Emits every item and makes a flow of it, whose items are treated alike; runs up to `limit` flows at once.
    ///
    /// ```text
    /// in   --1----|
    ///        expand(1, n => --(n + n)| while n < 8)
    /// out  --1-2-4-8|
    /// ```
    ///
    /// So a tree is walked of which `project` gives the branches of a node. An item goes out when there is a place for its
    /// flow, in the order in which items came: the first branch waits for the rest of its level if they are there at once.
    /// [`UNLIMITED`](crate::transform::UNLIMITED) runs as many flows as come.
    ///
    /// Completes when the source has completed, no flow runs and nothing waits. A graceful stop completes source and flows;
    /// what waits is still emitted.
    ///
    /// # Backpressure
    ///
    /// While an item waits, none of the source is pulled. Flows that run cannot be held back, since they may be what has to end
    /// first. What they emit while no flow may begin waits, up to 1,024 items; [`capacity`](Flow::capacity) says
    /// otherwise.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops what waits, and counts it as cancelled, and the flows that run.
    ///
    /// # Errors
    ///
    /// An error of the source or of an inner flow as [`Fault::Upstream`], at once; [`Fault::Overflowed`] if one more item
    /// waits than may. What waits is dropped and counted as failed.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let halves = [8].flow().expand(4, |n| vec![n / 2; 2].into_iter().filter(|n| *n > 1).flow());
    /// assert_eq!(halves.collect::<Vec<_>>().await, Ok(vec![8, 4, 4, 2, 2, 2, 2]));
    /// # }
    /// ```
    #[doc(alias = "expand_deep")]
    #[doc(alias = "recurse")]
    #[track_caller]
    pub fn expand<U, F>(self, limit: usize, project: F) -> Flow<Expand<O, U, F>>
    where
        F: FnMut(&O::Item) -> U,
        U: Observable<Item = O::Item, Error = O::Error>,
    {
        assert!(limit > 0, "expand of 0 flows at once lets nothing through");
        Flow::new(Expand {
            stage: Stage::new("expand", self.into_inner(), ()),
            project: Some(project),
            running: Running::new(),
            waiting: VecDeque::new(),
            source_waits: false,
            limit,
            capacity: CAPACITY,
            ledger: Ledger::new(),
        })
    }
}

impl<O, U, F> Flow<Expand<O, U, F>>
where
    O: Observable,
    F: FnMut(&O::Item) -> U,
    U: Observable<Item = O::Item, Error = O::Error>,
{
    /// Sets how many items may wait for their flow to begin.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn capacity(self, items: usize) -> Self {
        assert!(
            items > 0,
            "expand with room for 0 items lets nothing through"
        );
        let mut expand = self.into_inner();
        expand.capacity = items;
        Self::new(expand)
    }
}

pin_project! {
    /// The observable of [`Flow::expand`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Expand<O, U, F>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        // Beside the stage, because it is wanted after the end of the source.
        project: Option<F>,
        running: Running<U>,
        // Items that are not emitted yet, because no flow may begin.
        waiting: VecDeque<O::Item>,
        // The source had its turn while something waited; it is put in line again when nothing does.
        source_waits: bool,
        limit: usize,
        capacity: usize,
        ledger: Ledger,
    }
}

impl<O, U, F> Observable for Expand<O, U, F>
where
    O: Observable,
    F: FnMut(&O::Item) -> U,
    U: Observable<Item = O::Item, Error = O::Error>,
{
    type Item = O::Item;
    type Error = Fault<O::Error>;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Fault<O::Error>>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let Some(project) = this.project else {
            return Poll::Ready(Ok(Drained::Completed));
        };
        let (running, waiting) = (this.running, this.waiting);
        let (limit, capacity) = (*this.limit, *this.capacity);
        // Turns that are due even without a budget.
        let mut untold = if cx.stopping() {
            running.tell_to_stop()
        } else {
            0
        };
        running.register(cx.waker());
        let (mut received, mut emitted) = (0, 0);
        let mut overflowed = false;
        let outcome = 'poll: loop {
            // A stop is heard by all before an item goes out, as the consumer may break there.
            while untold == 0
                && cx.budget() > 0
                && running.len() < limit
                && let Some(item) = waiting.pop_front()
            {
                running.run_last(project(&item));
                emitted += 1;
                if emit(item).is_break() {
                    break 'poll Poll::Ready(Ok(Drained::Stopped));
                }
            }
            if waiting.is_empty() && std::mem::take(this.source_waits) {
                running.call_source();
            }
            let Some((index, turn)) = running.next_turn() else {
                break if !waiting.is_empty() && running.len() < limit {
                    Poll::Ready(Ok(Drained::Exhausted))
                } else if this.stage.is_ended() && running.len() == 0 {
                    Poll::Ready(Ok(Drained::Completed))
                } else {
                    Poll::Pending
                };
            };
            let turn = if untold > 0 { 0 } else { turn };
            untold = untold.saturating_sub(1);
            if index == SOURCE {
                // While something waits it is asked without a budget: an error is the end at once.
                let waits = !waiting.is_empty();
                let waker = running.start_source();
                *this.source_waits = waits;
                let drained = cx.limited(if waits { 0 } else { turn }, |cx| {
                    cx.woken_by(waker, |cx| {
                        this.stage.as_mut().drain(cx, |(), item| {
                            received += 1;
                            waiting.push_back(item);
                            ControlFlow::Break(())
                        })
                    })
                });
                match drained {
                    Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => {}
                    Poll::Ready(Ok(Drained::Exhausted)) if waits => {}
                    Poll::Ready(Ok(_)) => running.call_source(),
                    Poll::Ready(Err(error)) => break Poll::Ready(Err(Fault::Upstream(error))),
                }
            } else {
                let over = running.poll_turn(index, turn, cx, |item| {
                    received += 1;
                    if waiting.len() == capacity {
                        overflowed = true;
                        return ControlFlow::Break(());
                    }
                    waiting.push_back(item);
                    if waiting.len() < capacity {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                });
                if overflowed {
                    let overflowed = Overflowed::new(this.stage.id(), capacity);
                    break Poll::Ready(Err(Fault::Overflowed(overflowed)));
                }
                if let Turn::Failed(error) = over {
                    break Poll::Ready(Err(Fault::Upstream(error)));
                }
            }
            if cx.budget() == 0 && untold == 0 {
                break Poll::Ready(Ok(Drained::Exhausted));
            }
        };
        this.ledger.receive(received);
        this.ledger.emit(emitted);
        if let Poll::Ready(Ok(Drained::Completed) | Err(_)) = outcome {
            this.ledger
                .drop_items(DropReason::Overflow, u64::from(overflowed));
            this.ledger
                .drop_items(DropReason::Failed, waiting.len() as u64);
            waiting.clear();
            running.clear();
            this.stage.end();
            *this.project = None;
        }
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(self.capacity))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug, U, F> fmt::Debug for Expand<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expand")
            .field("stage", &self.stage)
            .field("running", &self.running.len())
            .field("waiting", &self.waiting.len())
            .field("limit", &self.limit)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
