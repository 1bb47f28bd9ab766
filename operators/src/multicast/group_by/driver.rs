//! The source of all groups, and where its keys have their place.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use thalweg_core::{Cx, Drained, DropReason, Fault, Meter, Observable, Panicked};

use crate::Stage;

use super::{
    Options,
    core::{Core, Shared},
    state::Sorted,
};

/// Items that are drawn from the source before they are sorted in.
pub(super) const QUANTUM: u32 = 64;

/// Whether more can be had at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driven {
    /// Perhaps; or the source has ended.
    On,
    /// The budget is spent.
    Exhausted,
    /// The source has nothing, or an item has to wait.
    Dry,
}

pub(super) trait Drive<K, T, E>: Send {
    /// Draws items from the source and sorts them in.
    fn drive(&mut self, core: &Arc<Core<K, T, E>>, cx: &mut Cx<'_, '_>) -> Driven;
}

pub(super) fn start<O, K, F>(
    stage: Stage<O, F>,
    options: Options,
    meter: Meter,
) -> Arc<Shared<K, O::Item, O::Error>>
where
    O: Observable<Item: Send, Error: Send + Sync> + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    F: FnMut(&O::Item) -> K + Send + 'static,
{
    let core = Core::new(stage.id(), options, meter.clone());
    let driver = Driver {
        stage: Box::pin(stage),
        waker: Waker::from(Arc::clone(&core)),
        places: HashMap::new(),
        keys: Vec::new(),
        free: Vec::new(),
        unsorted: VecDeque::new(),
        completed: false,
        woken: Vec::new(),
        meter,
    };
    Arc::new(Shared {
        core,
        driver: Mutex::new(Box::new(driver)),
    })
}

struct Driver<O: Observable, K, F> {
    stage: Pin<Box<Stage<O, F>>>,
    waker: Waker,
    places: HashMap<K, usize>,
    /// The keys by place.
    keys: Vec<Option<K>>,
    free: Vec<usize>,
    /// Items with their places, in the order in which they came.
    unsorted: VecDeque<(usize, O::Item)>,
    completed: bool,
    woken: Vec<Waker>,
    meter: Meter,
}

impl<O, K, F> Drive<K, O::Item, O::Error> for Driver<O, K, F>
where
    O: Observable<Item: Send, Error: Send + Sync> + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    F: FnMut(&O::Item) -> K + Send + 'static,
{
    fn drive(&mut self, core: &Arc<Core<K, O::Item, O::Error>>, cx: &mut Cx<'_, '_>) -> Driven {
        let guard = Unwinding { core };
        let stalled = self.sort_in(core);
        if stalled && !self.stage.owes_stop(cx) {
            return Driven::Dry;
        }
        if self.stage.is_ended() {
            return Driven::On;
        }
        if !stalled {
            self.forget_closed(core);
        }
        core.lock().begin_drive();
        let drained = self.draw(cx, if stalled { 0 } else { QUANTUM });
        let outcome = match drained {
            Poll::Pending => Driven::Dry,
            Poll::Ready(Ok(Drained::Exhausted)) if cx.budget() == 0 => Driven::Exhausted,
            Poll::Ready(Ok(Drained::Exhausted | Drained::Stopped)) => Driven::On,
            Poll::Ready(Ok(Drained::Completed)) => {
                self.completed = true;
                Driven::On
            }
            Poll::Ready(Err(error)) => {
                self.sort_in(core);
                self.end(core, Err(Fault::Upstream(error)));
                Driven::On
            }
        };
        if outcome != Driven::Dry {
            core.lock().set_ready();
        }
        let stalled = self.sort_in(core);
        std::mem::forget(guard);
        if stalled { Driven::Dry } else { outcome }
    }
}

impl<O, K, F> Driver<O, K, F>
where
    O: Observable<Item: Send, Error: Send + Sync> + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    F: FnMut(&O::Item) -> K + Send + 'static,
{
    fn draw(&mut self, cx: &mut Cx<'_, '_>, items: u32) -> Poll<Result<Drained, O::Error>> {
        let Self {
            stage,
            waker,
            places,
            keys,
            free,
            unsorted,
            ..
        } = self;
        let before = unsorted.len();
        let drained = cx.limited(items, |cx| {
            cx.woken_by(waker, |cx| {
                stage.as_mut().drain(cx, |key_of, item| {
                    let key = key_of(&item);
                    let place = if let Some(place) = places.get(&key) {
                        *place
                    } else {
                        let place = free.pop().unwrap_or(keys.len());
                        if place == keys.len() {
                            keys.push(None);
                        }
                        keys[place] = Some(key.clone());
                        places.insert(key, place);
                        place
                    };
                    unsorted.push_back((place, item));
                    ControlFlow::Continue(())
                })
            })
        });
        self.meter.receive((unsorted.len() - before) as u64);
        drained
    }

    /// Sorts in what was drawn, under one lock; tells whether an item has to wait.
    fn sort_in(&mut self, core: &Arc<Core<K, O::Item, O::Error>>) -> bool {
        let mut dropped = Vec::new();
        let mut failed = None;
        let mut stalled = false;
        {
            let mut state = core.lock();
            if state.has_ended() {
                drop(state);
                self.drop_unsorted(DropReason::Failed);
                return false;
            }
            while let Some((place, item)) = self.unsorted.pop_front() {
                let Some(key) = self.keys[place].as_ref() else {
                    continue;
                };
                match state.sort_in(place, key, item, core, &mut self.woken) {
                    Sorted::In => {}
                    Sorted::Dropped(item) => dropped.push(item),
                    Sorted::Stalled(item) => {
                        self.unsorted.push_front((place, item));
                        state.stall(place, key.clone());
                        stalled = true;
                        break;
                    }
                    Sorted::Failed(item, overflowed) => {
                        self.unsorted.push_front((place, item));
                        failed = Some(overflowed);
                        break;
                    }
                }
            }
        }
        self.woken.drain(..).for_each(Waker::wake);
        drop(dropped);
        match failed {
            Some(overflowed) => self.end(core, Err(Fault::Overflowed(overflowed))),
            _ if self.completed && !stalled => self.end(core, Ok(())),
            _ => {}
        }
        stalled
    }

    /// Ends all: drops the source, and what is not sorted in.
    fn end(&mut self, core: &Arc<Core<K, O::Item, O::Error>>, end: Result<(), Fault<O::Error>>) {
        self.stage.as_mut().end();
        self.places = HashMap::new();
        self.drop_unsorted(DropReason::Failed);
        core.lock().end(end, &mut self.woken);
        self.woken.drain(..).for_each(Waker::wake);
    }

    /// Forgets the keys whose groups were closed, so that a flow of ever new keys does not grow.
    fn forget_closed(&mut self, core: &Arc<Core<K, O::Item, O::Error>>) {
        let closed: Vec<_> = {
            let mut state = core.lock();
            let closed = state.take_closed();
            closed
                .into_iter()
                .filter(|at| !state.is_used(*at))
                .collect()
        };
        for place in closed {
            if let Some(key) = self.keys[place].take() {
                self.places.remove(&key);
                self.free.push(place);
            }
        }
    }
}

impl<O: Observable, K, F> Driver<O, K, F> {
    fn drop_unsorted(&mut self, reason: DropReason) {
        let left = self.unsorted.drain(..).len() as u64;
        self.meter.drop_items(reason, left);
    }
}

impl<O: Observable, K, F> Drop for Driver<O, K, F> {
    fn drop(&mut self) {
        self.drop_unsorted(DropReason::Cancelled);
    }
}

/// Fails all others when the source or the key function panics.
struct Unwinding<'c, K, T, E> {
    core: &'c Arc<Core<K, T, E>>,
}

impl<K, T, E> Drop for Unwinding<'_, K, T, E> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let message = "the poll of another group panicked in the source or in the key function";
        let panicked = Panicked::new(self.core.id, &message);
        let mut woken = Vec::new();
        self.core
            .lock()
            .end(Err(Fault::Panicked(panicked)), &mut woken);
        woken.into_iter().for_each(Waker::wake);
    }
}
