//! `merge_map`: makes a flow of every item and runs several at once.

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, Waker},
};

use pin_project_lite::pin_project;
use thalweg_core::{ChildWaker, Cx, Drained, DropReason, Holds, Observable, Plan, ReadySet};

use crate::{Flow, Stage, combine::QUANTUM, ledger::Ledger};

/// No limit to how many inner flows run at once, for [`Flow::merge_map`].
pub const UNLIMITED: usize = usize::MAX;

/// The source's own place in the line of those that are ready; inner flows have the index of their slot.
const SOURCE: usize = usize::MAX;

impl<O: Observable> Flow<O> {
    /// Makes a flow of every item and runs up to `limit` of them at once, handing on their items as they come.
    ///
    /// ```text
    /// in   --1---2-----------|
    ///        merge_map(2, n => --n0--n1--n2|)
    /// out  ----10--11-20-12-21--22|
    /// ```
    ///
    /// Inner flows that always have items take turns of 64; of those that wake at one instant the oldest goes first. A poll costs what woke, not what there is: ten thousand idle
    /// inner flows cost nothing. [`UNLIMITED`](crate::transform::UNLIMITED) runs as many as come.
    ///
    /// Completes when the source has completed and all inner flows have; an error of any is the end, and the others are
    /// dropped.
    ///
    /// # Backpressure
    ///
    /// While `limit` inner flows run, the source is not polled. Holds up to `limit` inner flows, each of which the numbers
    /// of the stage count as one item.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the inner flows themselves may lose.
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
    /// let pages = (1..=3).flow().merge_map(2, |page| (0..10).flow().map(move |row| (page, row)));
    /// assert_eq!(pages.count().await, Ok(30));
    /// # }
    /// ```
    #[doc(alias = "flat_map")]
    #[doc(alias = "flat_map_merge")]
    #[doc(alias = "flat_map_unordered")]
    #[doc(alias = "flatten_unordered")]
    #[track_caller]
    pub fn merge_map<U, F>(self, limit: usize, project: F) -> Flow<MergeMap<O, U, F>>
    where
        F: FnMut(O::Item) -> U,
        U: Observable<Error = O::Error>,
    {
        assert!(
            limit > 0,
            "merge_map of 0 flows at once lets nothing through"
        );
        let stage = Stage::new("merge_map", self.into_inner(), project);
        Flow::new(MergeMap {
            stage,
            running: Running::new(),
            limit,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::merge_map`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct MergeMap<O, U, F> {
        #[pin]
        stage: Stage<O, F>,
        running: Running<U>,
        limit: usize,
        ledger: Ledger,
    }
}

/// The inner flows, and which of them, or of them and the source, are to be polled.
struct Running<U> {
    slots: Vec<Slot<U>>,
    /// Slots whose flow has ended: box and waker are used again.
    free: Vec<usize>,
    ready: ReadySet,
    source_waker: ChildWaker,
    /// Who is next before all in line, and what is left of its turn: a break does not change who is next.
    turn: Option<(usize, u32)>,
    /// How many flows there have been.
    begun: u64,
    told_to_stop: bool,
}

struct Slot<U> {
    inner: Pin<Box<Option<U>>>,
    /// The number of its flow: of those that wake at one instant the oldest goes first.
    age: u64,
    waker: ChildWaker,
}

impl<U> Running<U> {
    fn new() -> Self {
        let mut ready = ReadySet::new();
        let source_waker = ready.add(SOURCE);
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            ready,
            source_waker,
            turn: None,
            begun: 0,
            told_to_stop: false,
        }
    }

    fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Puts everyone in line, so that everyone hears of the stop; tells how many that are, the first time.
    fn tell_to_stop(&mut self) -> usize {
        if std::mem::replace(&mut self.told_to_stop, true) {
            return 0;
        }
        self.turn = None;
        self.ready.again(&self.source_waker);
        for slot in &self.slots {
            self.ready.again(&slot.waker);
        }
        1 + self.slots.len()
    }

    /// Has `parent` woken, and puts those that woke in line: the oldest first, the source last.
    fn register(&mut self, parent: &Waker) {
        let slots = &self.slots;
        self.ready.register_by_key(parent, |index| {
            slots.get(index).map_or(u64::MAX, |slot| slot.age)
        });
    }

    fn next_turn(&mut self) -> Option<(usize, u32)> {
        self.turn
            .take()
            .or_else(|| Some((self.ready.take()?, QUANTUM)))
    }

    /// Gives a new flow a slot; it is not in line.
    fn place(&mut self, inner: U) -> usize {
        let age = self.begun;
        self.begun += 1;
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index];
            slot.inner.set(Some(inner));
            slot.age = age;
            return index;
        }
        let index = self.slots.len();
        self.slots.push(Slot {
            inner: Box::pin(Some(inner)),
            age,
            waker: self.ready.add_aside(index),
        });
        index
    }

    fn end(&mut self, index: usize) {
        self.slots[index].inner.set(None);
        self.free.push(index);
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.turn = None;
    }
}

impl<O, U, F> Observable for MergeMap<O, U, F>
where
    O: Observable,
    F: FnMut(O::Item) -> U,
    U: Observable<Error = O::Error>,
{
    type Item = U::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(U::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let running = this.running;
        let limit = *this.limit;
        // Turns that are due even without a budget.
        let mut untold = if cx.stopping() {
            running.tell_to_stop()
        } else {
            0
        };
        running.register(cx.waker());
        let (mut received, mut ended) = (0, 0);
        let outcome = loop {
            let Some((index, turn)) = running.next_turn() else {
                break if this.stage.is_ended() && running.len() == 0 {
                    running.clear();
                    Poll::Ready(Ok(Drained::Completed))
                } else {
                    Poll::Pending
                };
            };
            // A stop is heard by all before an item goes out, as the consumer may break there.
            let turn = if untold > 0 { 0 } else { turn };
            untold = untold.saturating_sub(1);
            if index == SOURCE {
                running.source_waker.start();
                let full = running.len() == limit;
                if full && !this.stage.owes_stop(cx) {
                    // It is put in line again when a slot is free.
                    continue;
                }
                let quota = if full { 0 } else { turn };
                let mut next = None;
                let waker = running.source_waker.waker();
                let drained = cx.limited(quota, |cx| {
                    cx.woken_by(waker, |cx| {
                        this.stage.as_mut().drain(cx, |project, item| {
                            next = Some(project(item));
                            ControlFlow::Break(())
                        })
                    })
                });
                if let Some(inner) = next {
                    received += 1;
                    // A new one has its first turn at once, as if it were run within the emission.
                    running.turn = Some((running.place(inner), QUANTUM));
                }
                match drained {
                    Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => {}
                    Poll::Ready(Ok(Drained::Exhausted)) if full => {}
                    Poll::Ready(Ok(_)) => running.ready.again(&running.source_waker),
                    Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                }
            } else {
                let Some(slot) = running.slots.get_mut(index) else {
                    // A wake that came after the end of all.
                    continue;
                };
                slot.waker.start();
                let Some(inner) = slot.inner.as_mut().as_pin_mut() else {
                    // A wake that came late for the one that was here before.
                    continue;
                };
                let before = cx.budget();
                let drained = cx.limited(turn, |cx| {
                    cx.woken_by(slot.waker.waker(), |cx| inner.poll_drain(cx, &mut emit))
                });
                match drained {
                    Poll::Pending => {}
                    Poll::Ready(Ok(Drained::Completed)) => {
                        ended += 1;
                        if running.len() == limit {
                            running.ready.again(&running.source_waker);
                        }
                        running.end(index);
                    }
                    Poll::Ready(Ok(Drained::Stopped)) => {
                        let left = turn - (before - cx.budget());
                        if left == 0 {
                            running.ready.again(&slot.waker);
                        } else {
                            running.turn = Some((index, left));
                        }
                        break Poll::Ready(Ok(Drained::Stopped));
                    }
                    Poll::Ready(Ok(Drained::Exhausted)) => running.ready.again(&slot.waker),
                    Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                }
            }
            if cx.budget() == 0 && untold == 0 {
                break Poll::Ready(Ok(Drained::Exhausted));
            }
        };
        this.ledger.receive(received);
        this.ledger.emit(ended);
        if let Poll::Ready(Err(_)) = outcome {
            this.ledger
                .drop_items(DropReason::Failed, running.len() as u64);
            running.clear();
            this.stage.end();
        }
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        let holds = if self.limit == UNLIMITED {
            Holds::Unbounded
        } else {
            Holds::Items(self.limit)
        };
        plan.stage(self.stage.id())
            .holds(holds)
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<U: Clone> Clone for Running<U> {
    /// The clone has wakers of its own and everyone in line, the source last: what has begun goes on first.
    fn clone(&self) -> Self {
        let mut running = Self::new();
        let _source = running.ready.take();
        running.source_waker.start();
        let mut slots: Vec<_> = self.slots.iter().collect();
        slots.sort_unstable_by_key(|slot| slot.age);
        for slot in slots {
            if let Some(inner) = &*slot.inner {
                let index = running.place(inner.clone());
                running.ready.again(&running.slots[index].waker);
            }
        }
        running.ready.again(&running.source_waker);
        running
    }
}

impl<O: fmt::Debug, U, F> fmt::Debug for MergeMap<O, U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeMap")
            .field("stage", &self.stage)
            .field("running", &self.running.len())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
