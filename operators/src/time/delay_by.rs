//! `delay_by`: hands every item on when a notifier of its own says so.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{ChildWaker, Cx, Drained, DropReason, Holds, Observable, Plan, ReadySet};

use crate::{Flow, Stage, ledger::Ledger};

/// Items that wait at once, unless [`Flow::capacity`] says otherwise.
const CAPACITY: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Hands an item on once the notifier that is made of it has an item; the order may change.
    ///
    /// ```text
    /// in   --3-1-----------|
    ///        delay_by(n => a notifier after 2n)
    /// out  ------1-3-------|
    /// ```
    ///
    /// The notifiers run at the same time; items whose notifiers are due at one instant go in the order in which they
    /// came. An item whose notifier completes without one is dropped, unless that is because of a graceful stop: then
    /// it goes. Completion comes when no item waits any more. For a time that is always the same see
    /// [`delay`](Flow::delay).
    ///
    /// # Backpressure
    ///
    /// Holds the items that wait, at most 1024 or what [`capacity`](Flow::capacity) says, and a notifier for each. When
    /// it is full the source is not polled until an item has gone. A poll costs what woke, not what waits.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the items that wait, and counts them as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream or of a notifier is the end at once; the items that wait are dropped and counted as
    /// failed. An item whose notifier completes without one is counted as unmatched.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let sorted = [30, 10, 20].flow().delay_by(|n| [()].flow().delay(Duration::from_millis(*n)));
    /// assert_eq!(sorted.collect::<Vec<_>>().await, Ok(vec![10, 20, 30]));
    /// # }
    /// ```
    #[doc(alias = "delay_when")]
    #[doc(alias = "delay_until")]
    #[track_caller]
    pub fn delay_by<N, F>(self, notifier: F) -> Flow<DelayBy<O, N, F>>
    where
        F: FnMut(&O::Item) -> N,
        N: Observable<Error = O::Error>,
    {
        Flow::new(DelayBy {
            stage: Stage::new("delay_by", self.into_inner(), notifier),
            waiting: Waiting::new(),
            capacity: CAPACITY,
            ledger: Ledger::new(),
        })
    }
}

impl<O: Observable, N, F> Flow<DelayBy<O, N, F>>
where
    F: FnMut(&O::Item) -> N,
    N: Observable<Error = O::Error>,
{
    /// Sets how many items may wait at once.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn capacity(self, items: usize) -> Self {
        assert!(items > 0, "a delay of 0 items lets nothing through");
        let mut delay = self.into_inner();
        delay.capacity = items;
        Self::new(delay)
    }
}

pin_project! {
    /// The observable of [`Flow::delay_by`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct DelayBy<O, N, F>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, F>,
        waiting: Waiting<O::Item, N>,
        capacity: usize,
        ledger: Ledger,
    }
}

/// The items whose notifiers run, and those that are free to go.
struct Waiting<T, N> {
    slots: Vec<Slot<T, N>>,
    /// Slots without an item: box and waker are used again.
    free: Vec<usize>,
    ready: ReadySet,
    /// Free to go, with their ages.
    due: Vec<(u64, T)>,
    begun: u64,
    told_to_stop: bool,
}

struct Slot<T, N> {
    item: Option<T>,
    notifier: Pin<Box<Option<N>>>,
    /// The number of its item: of those that are due at one instant the oldest goes first.
    age: u64,
    waker: ChildWaker,
}

impl<T, N> Waiting<T, N> {
    fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            ready: ReadySet::new(),
            due: Vec::new(),
            begun: 0,
            told_to_stop: false,
        }
    }

    fn len(&self) -> usize {
        self.slots.len() - self.free.len() + self.due.len()
    }

    /// Gives an item a slot; its notifier is in line.
    fn place(&mut self, item: T, notifier: N) {
        let age = self.begun;
        self.begun += 1;
        if let Some(slot) = self.free.pop().map(|index| &mut self.slots[index]) {
            slot.item = Some(item);
            slot.notifier.set(Some(notifier));
            slot.age = age;
            self.ready.again(&slot.waker);
            return;
        }
        let waker = self.ready.add(self.slots.len());
        self.slots.push(Slot {
            item: Some(item),
            notifier: Box::pin(Some(notifier)),
            age,
            waker,
        });
    }
}

impl<T, N: Observable> Waiting<T, N> {
    /// Polls the notifiers in line; tells how many items are lost, and whether there may be more in line.
    ///
    /// Notifiers that are busy without an item, as a filter can be, leave the source its half.
    fn run(&mut self, cx: &mut Cx<'_, '_>) -> Result<(u64, bool), N::Error> {
        let slots = &self.slots;
        self.ready.register_by_key(cx.waker(), |index| {
            slots.get(index).map_or(u64::MAX, |slot| slot.age)
        });
        let mut lost = 0;
        if cx.stopping() && !std::mem::replace(&mut self.told_to_stop, true) {
            for index in 0..self.slots.len() {
                lost += cx.limited(0, |cx| self.visit(index, cx))?;
            }
        }
        let share = cx.budget().div_ceil(2);
        cx.limited(share, |cx| {
            while cx.budget() > 0 {
                let Some(index) = self.ready.take() else {
                    return Ok((lost, false));
                };
                lost += self.visit(index, cx)?;
            }
            Ok((lost, true))
        })
    }

    /// Polls the notifier of a slot; tells how many items are lost by that.
    fn visit(&mut self, index: usize, cx: &mut Cx<'_, '_>) -> Result<u64, N::Error> {
        let Some(slot) = self.slots.get_mut(index) else {
            // A wake that came after the end of all.
            return Ok(0);
        };
        slot.waker.start();
        let Some(notifier) = slot.notifier.as_mut().as_pin_mut() else {
            // A wake that came late for the one that was here before.
            return Ok(0);
        };
        let drained = cx.woken_by(slot.waker.waker(), |cx| {
            notifier.poll_drain(cx, |_| ControlFlow::Break(()))
        });
        let goes = match drained {
            Poll::Pending => return Ok(0),
            Poll::Ready(Ok(Drained::Exhausted)) => {
                self.ready.again(&slot.waker);
                return Ok(0);
            }
            Poll::Ready(Ok(Drained::Stopped)) => true,
            // Its time will not come any more, so that what waits drains.
            Poll::Ready(Ok(Drained::Completed)) => cx.stopping(),
            Poll::Ready(Err(error)) => return Err(error),
        };
        slot.notifier.set(None);
        self.free.push(index);
        let item = slot.item.take();
        let lost = u64::from(!goes);
        self.due
            .extend(item.filter(|_| goes).map(|item| (slot.age, item)));
        Ok(lost)
    }

    /// Takes the oldest of the items that are free to go.
    fn next_due(&mut self) -> Option<T> {
        self.due.pop().map(|(_, item)| item)
    }

    /// Puts the items that are free to go in order, the oldest last.
    fn sort_due(&mut self) {
        self.due
            .sort_unstable_by_key(|(age, _)| std::cmp::Reverse(*age));
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.due.clear();
    }
}

impl<O, N, F> Observable for DelayBy<O, N, F>
where
    O: Observable,
    N: Observable<Error = O::Error>,
    F: FnMut(&O::Item) -> N,
{
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
        let (waiting, capacity, ledger) = (this.waiting, *this.capacity, this.ledger);
        // Without a budget nobody asks for an item.
        let asked = cx.budget() > 0;
        let error = loop {
            // A stop is heard by everyone before an item goes out, as the consumer may break there.
            let tells = this.stage.owes_stop(cx);
            let busy = match waiting.run(cx) {
                Ok((lost, busy)) => {
                    ledger.drop_items(DropReason::Unmatched, lost);
                    busy
                }
                Err(error) => break error,
            };
            if asked && !tells {
                waiting.sort_due();
                let mut emitted = 0;
                let mut flow = ControlFlow::Continue(());
                while flow.is_continue()
                    && let Some(item) = waiting.next_due()
                {
                    emitted += 1;
                    flow = emit(item);
                }
                ledger.emit(emitted);
                if flow.is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            let full = waiting.len() >= capacity;
            let mut received = 0;
            let mut drained = Poll::Pending;
            if !full || tells {
                drained = cx.limited(if tells { 0 } else { u32::MAX }, |cx| {
                    this.stage.as_mut().drain(cx, |make, item| {
                        received += 1;
                        let notifier = make(&item);
                        waiting.place(item, notifier);
                        if waiting.len() < capacity {
                            ControlFlow::Continue(())
                        } else {
                            ControlFlow::Break(())
                        }
                    })
                });
                ledger.receive(received);
            }
            if let Poll::Ready(Err(error)) = drained {
                break error;
            }
            // Those that are new have their first turn at once.
            if received > 0 || tells {
                continue;
            }
            if busy
                || !waiting.due.is_empty()
                || matches!(drained, Poll::Ready(Ok(Drained::Exhausted)))
            {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            if this.stage.is_ended() && waiting.len() == 0 {
                waiting.clear();
                return Poll::Ready(Ok(Drained::Completed));
            }
            return Poll::Pending;
        };
        ledger.drop_items(DropReason::Failed, waiting.len() as u64);
        waiting.clear();
        this.stage.end();
        Poll::Ready(Err(error))
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(self.capacity))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<T: Clone, N: Clone> Clone for Waiting<T, N> {
    /// The clone has wakers of its own, and all notifiers in line.
    fn clone(&self) -> Self {
        let mut waiting = Self::new();
        // What is due already is older than all that waits.
        waiting.due.clone_from(&self.due);
        waiting.begun = self.begun;
        let mut slots: Vec<_> = self.slots.iter().collect();
        slots.sort_unstable_by_key(|slot| slot.age);
        for slot in slots {
            if let (Some(item), Some(notifier)) = (&slot.item, &*slot.notifier) {
                waiting.place(item.clone(), notifier.clone());
            }
        }
        waiting
    }
}

impl<O, N, F> fmt::Debug for DelayBy<O, N, F>
where
    O: Observable + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DelayBy")
            .field("stage", &self.stage)
            .field("capacity", &self.capacity)
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
