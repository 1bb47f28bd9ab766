//! Any number of inputs of one type, of which only those that woke are polled.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{ChildWaker, Cx, Drained, Observable, ReadySet};

/// Items that one input may hand on before the next has its turn.
pub(crate) const QUANTUM: u32 = 64;

/// The inputs of a stage, until each has ended, and the line of those that are to be polled.
///
/// A poll of the stage calls [`begin`](Self::begin), and [`visit`](Self::visit) until there is no one left in line.
pub(crate) struct Inputs<O> {
    slots: Vec<Option<Slot<O>>>,
    /// Slots whose input has ended, to be used again.
    free: Vec<usize>,
    ready: ReadySet,
    /// Who is next before all in line, and what is left of its turn: a break does not change who is next.
    turn: Option<(usize, u32)>,
    /// How many inputs there have been.
    begun: u64,
    told_to_stop: bool,
    /// Inputs that have not yet heard of the stop.
    untold: usize,
}

struct Slot<O> {
    source: Pin<Box<O>>,
    waker: ChildWaker,
    /// Of those that wake at one instant the oldest goes first.
    age: u64,
    told: bool,
}

/// How the poll of one input came to rest. An input that has ended is dropped.
pub(crate) struct Visit<E> {
    pub(crate) index: usize,
    pub(crate) drained: Poll<Result<Drained, E>>,
}

impl<O> Inputs<O> {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            ready: ReadySet::new(),
            turn: None,
            begun: 0,
            told_to_stop: false,
            untold: 0,
        }
    }

    /// Takes inputs, which have the indices 0, 1 and so on, and are in line in this order.
    pub(crate) fn of(inputs: impl IntoIterator<Item = O>) -> Self {
        let mut all = Self::new();
        for input in inputs {
            all.insert(input);
        }
        all
    }

    /// Adds an input, last in line, and gives its index.
    pub(crate) fn insert(&mut self, input: O) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[index] = Some(Slot {
            source: Box::pin(input),
            waker: self.ready.add(index),
            age: self.begun,
            // Its first poll is to come, and tells it.
            told: self.told_to_stop,
        });
        self.begun += 1;
        index
    }

    /// Drops an input, if it has not ended.
    pub(crate) fn remove(&mut self, index: usize) {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::take) else {
            return;
        };
        if self.told_to_stop && !slot.told {
            self.untold -= 1;
        }
        if self.turn.is_some_and(|(next, _)| next == index) {
            self.turn = None;
        }
        self.free.push(index);
    }

    /// Drops all inputs but one.
    pub(crate) fn keep_only(&mut self, index: usize) {
        (0..self.slots.len())
            .filter(|other| *other != index)
            .for_each(|other| self.remove(other));
    }

    /// Drops all inputs.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Counts the inputs that have not ended.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tells how a poll comes to rest that has left nobody in line.
    pub(crate) fn rest<E>(&self) -> Poll<Result<Drained, E>> {
        if self.is_empty() {
            Poll::Ready(Ok(Drained::Completed))
        } else {
            Poll::Pending
        }
    }

    /// Tells whether the input has not ended.
    pub(crate) fn is_live(&self, index: usize) -> bool {
        self.slots.get(index).is_some_and(Option::is_some)
    }

    /// Gives a look at the inputs that have not ended, for stages that describe themselves.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &O> {
        self.slots.iter().flatten().map(|slot| &*slot.source)
    }

    /// Puts an input in line that was passed over.
    pub(crate) fn again(&mut self, index: usize) {
        if let Some(Some(slot)) = self.slots.get(index) {
            self.ready.again(&slot.waker);
        }
    }

    /// Puts all inputs in line.
    pub(crate) fn again_all(&mut self) {
        for slot in self.slots.iter().flatten() {
            self.ready.again(&slot.waker);
        }
    }

    /// Begins a poll: those that woke come in line, and all do when there is a stop to hear of.
    pub(crate) fn begin(&mut self, cx: &Cx<'_, '_>) {
        if cx.stopping() && !std::mem::replace(&mut self.told_to_stop, true) {
            self.turn = None;
            self.untold = self.len();
            self.again_all();
        }
        let slots = &self.slots;
        self.ready.register_by_key(cx.waker(), |index| {
            let slot = slots.get(index).and_then(Option::as_ref);
            slot.map_or(u64::MAX, |slot| slot.age)
        });
    }

    /// Tells whether a poll that found an input exhausted is over: with no budget there is nothing to be had of others
    /// either, once all have heard of a stop.
    pub(crate) fn is_spent(&self, cx: &Cx<'_, '_>) -> bool {
        cx.budget() == 0 && self.untold == 0
    }
}

impl<O: Observable> Inputs<O> {
    /// Polls the input whose turn it is, with at most the `quantum` of its index; `None` if nobody is in line.
    ///
    /// One with a quantum of 0 is passed over, but for a stop that it has not heard of: whoever wants items of it again
    /// puts it in line.
    #[inline]
    pub(crate) fn visit(
        &mut self,
        cx: &mut Cx<'_, '_>,
        mut quantum: impl FnMut(usize) -> u32,
        mut emit: impl FnMut(usize, O::Item) -> ControlFlow<()>,
    ) -> Option<Visit<O::Error>> {
        loop {
            let turn = self.turn.take();
            let index = match turn {
                Some((index, _)) => index,
                None => self.ready.take()?,
            };
            let Some(Some(slot)) = self.slots.get_mut(index) else {
                // A wake that came after its end, or after that of all.
                continue;
            };
            slot.waker.start();
            let tells = self.told_to_stop && !std::mem::replace(&mut slot.told, true);
            let full = quantum(index);
            if full == 0 && !tells {
                continue;
            }
            // A stop is heard by all before an item goes out, as the consumer may break there.
            let quota = match turn {
                _ if self.untold > 0 => 0,
                Some((_, left)) => left,
                None => full,
            };
            self.untold -= usize::from(tells);
            let before = cx.budget();
            let drained = cx.limited(quota, |cx| {
                cx.woken_by(slot.waker.waker(), |cx| {
                    slot.source
                        .as_mut()
                        .poll_drain(cx, move |item| emit(index, item))
                })
            });
            let left = quota - (before - cx.budget());
            let is_spent = cx.budget() == 0 && self.untold == 0;
            match drained {
                Poll::Pending => {}
                Poll::Ready(Ok(Drained::Completed) | Err(_)) => self.remove(index),
                // A break, or the end of the whole budget, is not the end of the turn.
                Poll::Ready(Ok(Drained::Stopped)) if left > 0 => self.turn = Some((index, left)),
                Poll::Ready(Ok(Drained::Exhausted)) if left > 0 && is_spent => {
                    self.turn = Some((index, left));
                }
                Poll::Ready(Ok(Drained::Stopped | Drained::Exhausted)) => {
                    self.ready.again(&slot.waker);
                }
            }
            return Some(Visit { index, drained });
        }
    }
}

/// The clone has wakers of its own, and all inputs in line.
impl<O: Clone> Clone for Inputs<O> {
    fn clone(&self) -> Self {
        let mut inputs = Self::new();
        let mut ended = Vec::new();
        for (index, slot) in self.slots.iter().enumerate() {
            if let Some(slot) = slot {
                inputs.insert((*slot.source).clone());
            } else {
                inputs.slots.push(None);
                ended.push(index);
            }
        }
        inputs.free = ended;
        inputs.turn = self.turn;
        inputs
    }
}

impl<O: fmt::Debug> fmt::Debug for Inputs<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
