//! `frontier`: a bounded work loop that feeds its results back as new work and knows when it is done.

mod store;
mod work;

use std::{
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use thalweg_core::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, StageId};

pub use self::{
    store::{Fifo, Store},
    work::{FrontierHandle, Ticket, Work},
};
use crate::Flow;

/// Makes a flow of work that may add more work, and ends exactly when nothing is queued and nothing is open.
///
/// ```text
/// seeds      a
/// frontier   --a-----b--c-----------|
///              a adds b and c   b and c are dropped
/// ```
///
/// Every item is a [`Work`]: the item and a ticket that keeps the frontier open. [`Work::add`] queues new work; when the
/// last ticket is dropped and the queue is empty, the flow completes. So the ticket goes with the item through whatever
/// stages follow, and the loop closes wherever the new work is known. `capacity` bounds what is queued, in items.
///
/// It cannot deadlock: adding never waits. What finds the queue full is given back to the caller, and counted as
/// overflow. What the queue is can be chosen with [`frontier_in`].
///
/// # Backpressure
///
/// Hands on as many items as are pulled. Holds at most `capacity` items.
///
/// # Cancel safety
///
/// When the flow is dropped or stops gracefully, it completes and adding is refused; what was queued stays in the
/// [`Store`] and is dropped with it, counted as cancelled.
///
/// # Panics
///
/// Panics if `capacity` is 0.
///
/// # Examples
///
/// All numbers that can be reached by halving and by subtracting one:
///
/// ```
/// use std::collections::HashSet;
/// use thalweg::{operators::concurrency::frontier, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut seen = HashSet::new();
/// frontier([10_u32], 1000)
///     .for_each(|work| {
///         if seen.insert(*work) && *work > 0 {
///             work.add(*work / 2).unwrap();
///             work.add(*work - 1).unwrap();
///         }
///     })
///     .await;
/// assert_eq!(seen.len(), 11);
/// # }
/// ```
#[doc(alias = "expand")]
#[doc(alias = "crawl")]
#[doc(alias = "work_queue")]
#[track_caller]
pub fn frontier<T>(
    seeds: impl IntoIterator<Item = T>,
    capacity: usize,
) -> Flow<Frontier<T, Fifo<T>>> {
    frontier_in(Fifo::new(capacity), seeds)
}

/// Makes a [`frontier`](fn@frontier) over a store of the caller's, which may hold work of an earlier run.
///
/// Seeds that the store refuses are dropped and counted as overflow. A store that holds back all it has while nothing
/// is out will never hand it out: the flow completes, and what is queued is counted as cancelled.
#[track_caller]
pub fn frontier_in<T, S: Store<T>>(
    store: S,
    seeds: impl IntoIterator<Item = T>,
) -> Flow<Frontier<T, S>> {
    let meter = Meter::new();
    meter.receive(store.len() as u64);
    let shared = Arc::new(Shared {
        meter,
        state: Mutex::new(State {
            store,
            open: 0,
            closed: false,
            waker: None,
            item: std::marker::PhantomData,
        }),
    });
    shared.add_all(seeds);
    Flow::new(Frontier {
        shared,
        id: StageId::here("frontier"),
    })
}

/// What the flow, its work and its handles share.
struct Shared<T, S> {
    meter: Meter,
    state: Mutex<State<T, S>>,
}

struct State<T, S> {
    store: S,
    /// Tickets that are not dropped.
    open: usize,
    /// The flow has ended: nothing is queued any more.
    closed: bool,
    waker: Option<Waker>,
    item: std::marker::PhantomData<fn() -> T>,
}

impl<T, S: Store<T>> Shared<T, S> {
    fn lock(&self) -> MutexGuard<'_, State<T, S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an item, or gives it back, counted.
    fn add(&self, item: T) -> Result<(), T> {
        let (refused, waker) = {
            let mut state = self.lock();
            self.meter.receive(1);
            let refused = if state.closed {
                Some((item, DropReason::Cancelled))
            } else {
                let pushed = state.store.push(item);
                pushed.err().map(|item| (item, DropReason::Overflow))
            };
            (refused, state.waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        match refused {
            None => Ok(()),
            Some((item, reason)) => {
                self.meter.drop_items(reason, 1);
                Err(item)
            }
        }
    }

    /// Queues what fits, under one lock; counts what does not.
    fn add_all(&self, items: impl IntoIterator<Item = T>) -> usize {
        // The items may come from foreign code, which is not to run under the lock.
        let items: Vec<T> = items.into_iter().collect();
        let mut refused = Vec::new();
        let (waker, reason) = {
            let mut state = self.lock();
            self.meter.receive(items.len() as u64);
            if state.closed {
                refused = items;
                (None, DropReason::Cancelled)
            } else {
                for item in items {
                    refused.extend(state.store.push(item).err());
                }
                (state.waker.take(), DropReason::Overflow)
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        self.meter.drop_items(reason, refused.len() as u64);
        refused.len()
    }

    fn close(&self) {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.closed, true) {
            let left = state.store.len() as u64;
            self.meter.drop_items(DropReason::Cancelled, left);
        }
    }
}

/// The observable of [`frontier`](fn@frontier).
#[must_use = "flows do nothing unless run"]
pub struct Frontier<T, S: Store<T> = Fifo<T>> {
    shared: Arc<Shared<T, S>>,
    id: StageId,
}

impl<T, S: Store<T>> Flow<Frontier<T, S>> {
    /// Gives a handle to look at the frontier and to add work from elsewhere, which does not keep it open.
    pub fn handle(&self) -> FrontierHandle<T, S> {
        FrontierHandle::new(Arc::clone(&self.as_inner().shared))
    }
}

// Nothing in it is pinned.
impl<T, S: Store<T>> Unpin for Frontier<T, S> {}

impl<T, S: Store<T>> Observable for Frontier<T, S> {
    type Item = Work<T, S>;
    type Error = std::convert::Infallible;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(Work<T, S>) -> ControlFlow<()>,
    {
        let shared = &self.shared;
        if cx.stopping() {
            shared.close();
            return Poll::Ready(Ok(Drained::Completed));
        }
        loop {
            let (item, mark) = {
                let mut state = shared.lock();
                if state.closed {
                    return Poll::Ready(Ok(Drained::Completed));
                }
                if cx.budget() == 0 && !state.store.is_empty() {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                match state.store.pop() {
                    Some(next) => {
                        cx.spend_many(1);
                        state.open += 1;
                        next
                    }
                    None if state.open == 0 => {
                        drop(state);
                        shared.close();
                        return Poll::Ready(Ok(Drained::Completed));
                    }
                    None => {
                        match &mut state.waker {
                            Some(known) => known.clone_from(cx.waker()),
                            none => *none = Some(cx.waker().clone()),
                        }
                        return Poll::Pending;
                    }
                }
            };
            shared.meter.emit(1);
            let work = Work::new(item, Ticket::new(Arc::clone(shared), mark));
            if emit(work).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        let holds = self
            .shared
            .lock()
            .store
            .capacity()
            .map_or(Holds::Unbounded, Holds::Items);
        plan.stage(self.id).holds(holds).meter(&self.shared.meter);
    }
}

impl<T, S: Store<T>> Drop for Frontier<T, S> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<T, S: Store<T>> fmt::Debug for Frontier<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("Frontier")
            .field("queued", &state.store.len())
            .field("open", &state.open)
            .finish_non_exhaustive()
    }
}
