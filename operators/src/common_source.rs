//! A source that several flows drive in turn, and the items that wait for each of them.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Wake as _, Waker},
};

use thalweg_core::{Cx, Drained, DropReason, Meter, Observable};

use crate::{Stage, alarm::Alarm};

pub(crate) struct Shared<O: Observable, D> {
    pub(crate) state: Mutex<State<O, D>>,
    pub(crate) alarm: Arc<Alarm>,
    /// Wakes whoever waits.
    pub(crate) waker: Waker,
    pub(crate) capacity: usize,
    pub(crate) meter: Meter,
}

pub(crate) struct State<O: Observable, D> {
    pub(crate) source: Source<O, D>,
    pub(crate) lines: Vec<Line<O::Item>>,
    /// All that are there want to come to a graceful end.
    pub(crate) stopping: bool,
    /// Somebody waits for the source to come back, or for room.
    pub(crate) is_awaited: bool,
}

pub(crate) enum Source<O: Observable, D> {
    Here(Pin<Box<Stage<O, D>>>),
    /// With the one that is being polled: nobody waits in a lock for another's closures.
    Out,
    /// Shared, so that it is cloned outside the lock.
    Ended(Arc<Result<(), O::Error>>),
    Panicked,
}

pub(crate) struct Line<T> {
    pub(crate) queue: VecDeque<T>,
    /// Items in the queue, and those that were in it and are in the hands of the flow.
    pub(crate) held: usize,
    pub(crate) left: bool,
    pub(crate) stopping: bool,
}

/// What a flow without items may do.
pub(crate) enum Turn<O: Observable, D> {
    /// There are items now.
    Batch,
    /// Drive the source, for so many items at most.
    Drive(Holding<O, D>, usize),
    Wait,
    /// The source has panicked.
    Panic,
    End(Arc<Result<(), O::Error>>),
}

impl<O: Observable, D> Shared<O, D> {
    pub(crate) fn new(stage: Stage<O, D>, flows: usize, capacity: usize) -> Arc<Self> {
        let alarm = Arc::new(Alarm::new(flows));
        let line = || Line {
            queue: VecDeque::new(),
            held: 0,
            left: false,
            stopping: false,
        };
        Arc::new(Self {
            state: Mutex::new(State {
                source: Source::Here(Box::pin(stage)),
                lines: (0..flows).map(|_| line()).collect(),
                stopping: false,
                is_awaited: false,
            }),
            waker: Waker::from(Arc::clone(&alarm)),
            alarm,
            capacity,
            meter: Meter::new(),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<O, D>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Observable, D> State<O, D> {
    /// Makes room for items that were handed on; tells whether somebody may wait for it.
    pub(crate) fn give_back(&mut self, me: usize, handed_on: usize) -> bool {
        let line = &mut self.lines[me];
        line.held = line.held.saturating_sub(handed_on);
        handed_on > 0 && std::mem::take(&mut self.is_awaited)
    }

    /// What a flow may do that has no items.
    pub(crate) fn turn_of(
        &mut self,
        me: usize,
        cx: &Cx<'_, '_>,
        shared: &Arc<Shared<O, D>>,
        live: &mut Vec<usize>,
    ) -> Turn<O, D> {
        let stage = match &self.source {
            Source::Here(stage) => stage,
            Source::Out => {
                self.is_awaited = true;
                return Turn::Wait;
            }
            Source::Ended(end) => return Turn::End(Arc::clone(end)),
            Source::Panicked => return Turn::Panic,
        };
        let room = self.room(me, shared.capacity, live);
        if room == 0 && !(self.stopping && stage.owes_stop(cx)) {
            self.is_awaited = true;
            return Turn::Wait;
        }
        match self.take_source(shared) {
            Some(holding) => Turn::Drive(holding, room),
            None => Turn::Wait,
        }
    }

    /// Sees who the others are, and for how many items all of them have room.
    pub(crate) fn room(&self, me: usize, capacity: usize, live: &mut Vec<usize>) -> usize {
        live.clear();
        let others = self.lines.iter().enumerate();
        for (other, _) in others.filter(|(other, line)| *other != me && !line.left) {
            live.push(other);
        }
        let most = live.iter().map(|other| self.lines[*other].held).max();
        capacity.saturating_sub(most.unwrap_or(0))
    }

    pub(crate) fn take_source(&mut self, shared: &Arc<Shared<O, D>>) -> Option<Holding<O, D>> {
        match std::mem::replace(&mut self.source, Source::Out) {
            Source::Here(stage) => Some(Holding {
                shared: Arc::clone(shared),
                stage: Some(stage),
                stopping: self.stopping,
                is_back: false,
            }),
            other => {
                self.source = other;
                None
            }
        }
    }
}

/// The source in the hands of one flow. If it panics there, the others hear of it.
pub(crate) struct Holding<O: Observable, D> {
    pub(crate) shared: Arc<Shared<O, D>>,
    pub(crate) stage: Option<Pin<Box<Stage<O, D>>>>,
    pub(crate) stopping: bool,
    pub(crate) is_back: bool,
}

impl<O: Observable, D> Holding<O, D> {
    /// Puts the source back, or its end, and what was made for the others.
    pub(crate) fn give_back(
        mut self,
        me: usize,
        sent: &mut Vec<(usize, O::Item)>,
        drained: Poll<Result<Drained, O::Error>>,
    ) {
        let (source, over) = match drained {
            Poll::Ready(Ok(Drained::Completed)) => (Source::Ended(Arc::new(Ok(()))), true),
            Poll::Ready(Err(error)) => (Source::Ended(Arc::new(Err(error))), true),
            _ => {
                let stage = self.stage.take();
                (stage.map_or(Source::Panicked, Source::Here), false)
            }
        };
        // Before anybody hears of its end.
        self.stage = None;
        let mut unwanted = Vec::new();
        let mut woken = Vec::new();
        self.is_back = true;
        let shared = &self.shared;
        let mut state = shared.lock();
        state.source = source;
        for (to, item) in sent.drain(..) {
            let line = &mut state.lines[to];
            if line.left {
                unwanted.push(item);
                continue;
            }
            if line.queue.is_empty() {
                woken.push(to);
            }
            line.held += 1;
            line.queue.push_back(item);
        }
        let all = over || std::mem::take(&mut state.is_awaited);
        drop(state);
        let lost = unwanted.len() as u64;
        shared.meter.drop_items(DropReason::Cancelled, lost);
        if all {
            shared.alarm.wake_others(me);
        } else {
            for to in woken {
                shared.alarm.wake_one(to);
            }
        }
    }
}

impl<O: Observable, D> Drop for Holding<O, D> {
    fn drop(&mut self) {
        if !self.is_back {
            self.shared.lock().source = Source::Panicked;
            self.shared.alarm.wake_by_ref();
        }
    }
}
