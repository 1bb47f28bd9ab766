//! The inner flows of a stage that runs several at once, and whose turn it is.

use std::{
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, Waker},
};

use thalweg_core::{ChildWaker, Cx, Drained, Observable, ReadySet};

use crate::combine::QUANTUM;

/// The source's own place in the line of those that are ready; inner flows have the index of their slot.
pub(crate) const SOURCE: usize = usize::MAX;

/// The inner flows, and which of them, or of them and the source, are to be polled.
pub(crate) struct Running<U> {
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
    /// The number of its flow, from 1: of those that wake at one instant the oldest goes first.
    age: u64,
    waker: ChildWaker,
}

/// How the turn of an inner flow came to its end.
pub(crate) enum Turn<E> {
    /// There is nothing more of it for now: it waits for a wake, or is in line again.
    Over,
    /// The flow has completed, and its slot is free.
    Completed,
    /// `emit` broke; what is left of the turn is next.
    Stopped,
    /// The flow has failed.
    Failed(E),
}

impl<U> Running<U> {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Puts everyone in line, so that everyone hears of the stop; tells how many that are, the first time.
    pub(crate) fn tell_to_stop(&mut self) -> usize {
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

    /// Has `parent` woken, and puts those that woke in line: the source first, then the oldest.
    pub(crate) fn register(&mut self, parent: &Waker) {
        let slots = &self.slots;
        self.ready
            .register_by_key(parent, |index| slots.get(index).map_or(0, |slot| slot.age));
    }

    pub(crate) fn next_turn(&mut self) -> Option<(usize, u32)> {
        self.turn
            .take()
            .or_else(|| Some((self.ready.take()?, QUANTUM)))
    }

    /// Puts the source in line.
    pub(crate) fn call_source(&mut self) {
        self.ready.again(&self.source_waker);
    }

    /// Gives the waker to poll the source with, in its turn.
    pub(crate) fn start_source(&self) -> &Waker {
        self.source_waker.start();
        self.source_waker.waker()
    }

    /// Runs a new flow, whose first turn is the next: as if it were run within the emission of its item.
    pub(crate) fn run_next(&mut self, inner: U) {
        self.turn = Some((self.place(inner), QUANTUM));
    }

    /// Runs a new flow, whose first turn comes after those of all in line.
    pub(crate) fn run_last(&mut self, inner: U) {
        let index = self.place(inner);
        self.ready.again(&self.slots[index].waker);
    }

    /// Gives a new flow a slot; it is not in line.
    fn place(&mut self, inner: U) -> usize {
        self.begun += 1;
        let age = self.begun;
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

    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.turn = None;
    }
}

impl<U: Observable> Running<U> {
    /// Gives the flow of slot `index` a turn of at most `turn` items.
    #[inline]
    pub(crate) fn poll_turn(
        &mut self,
        index: usize,
        turn: u32,
        cx: &mut Cx<'_, '_>,
        emit: impl FnMut(U::Item) -> ControlFlow<()>,
    ) -> Turn<U::Error> {
        let Some(slot) = self.slots.get_mut(index) else {
            // A wake that came after the end of all.
            return Turn::Over;
        };
        slot.waker.start();
        let Some(inner) = slot.inner.as_mut().as_pin_mut() else {
            // A wake that came late for the one that was here before.
            return Turn::Over;
        };
        let before = cx.budget();
        let drained = cx.limited(turn, |cx| {
            cx.woken_by(slot.waker.waker(), |cx| inner.poll_drain(cx, emit))
        });
        match drained {
            Poll::Pending => Turn::Over,
            Poll::Ready(Ok(Drained::Completed)) => {
                slot.inner.set(None);
                self.free.push(index);
                Turn::Completed
            }
            Poll::Ready(Ok(Drained::Stopped)) => {
                let left = turn - (before - cx.budget());
                if left == 0 {
                    self.ready.again(&slot.waker);
                } else {
                    self.turn = Some((index, left));
                }
                Turn::Stopped
            }
            Poll::Ready(Ok(Drained::Exhausted)) => {
                self.ready.again(&slot.waker);
                Turn::Over
            }
            Poll::Ready(Err(error)) => Turn::Failed(error),
        }
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
                running.run_last(inner.clone());
            }
        }
        running.call_source();
        running
    }
}
