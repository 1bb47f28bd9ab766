//! `merge_keyed`: the items of flows that come and go while it runs.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

use crate::{
    Flow,
    inputs::{Inputs, QUANTUM},
};

/// Creates a set of flows, to which some can be added and from which some can be taken at any time, and the flow of their
/// items as they come, each with the key of where it came from.
///
/// ```text
/// set  insert(x, --1--2--3--)      remove(x)
///      -----insert(y, --7-----8--|)
///        merge_keyed
/// out  --x1--x2-y7-x3---y8
/// ```
///
/// [`MergeSet`] can be cloned and used from any task, also from within the flows themselves. The flow completes when all of
/// its clones are dropped and all inputs have completed; an error of one is the end, and the others are dropped. When it is
/// asked to stop it takes no more inputs and completes with those that it has.
///
/// Inputs that always have items take turns of 64. A poll costs what woke, not what there is: ten thousand idle inputs cost
/// nothing.
///
/// # Backpressure
///
/// Passes it on to all; holds no items, and as many flows as are put in.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::combine::merge_keyed, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (rooms, mut talk) = merge_keyed();
/// rooms.insert("harbour", vec!["ahoy", "land"].flow());
/// assert_eq!(talk.next().await, Ok(Some(("harbour", "ahoy"))));
/// rooms.remove(&"harbour");
/// rooms.insert("mill", vec!["flour"].flow());
/// drop(rooms);
/// assert_eq!(talk.collect::<Vec<_>>().await, Ok(vec![("mill", "flour")]));
/// # }
/// ```
#[doc(alias = "StreamMap")]
#[doc(alias = "MergeHub")]
#[doc(alias = "dynamic_merge")]
#[track_caller]
pub fn merge_keyed<K, O>() -> (MergeSet<K, O>, Flow<MergeKeyed<K, O>>)
where
    K: Clone + Eq + Hash,
    O: Observable,
{
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            changes: Vec::new(),
            handles: 1,
            closed: false,
            waker: None,
        }),
        changed: AtomicBool::new(false),
    });
    let set = MergeSet {
        shared: Arc::clone(&shared),
    };
    let flow = Flow::new(MergeKeyed {
        inputs: Inputs::new(),
        keys: Vec::new(),
        indices: HashMap::new(),
        shared,
        id: StageId::here("merge_keyed"),
    });
    (set, flow)
}

/// The inputs of a [`merge_keyed`], to be added to and taken from. A clone is a handle of the same set.
pub struct MergeSet<K, O> {
    shared: Arc<Shared<K, O>>,
}

struct Shared<K, O> {
    state: Mutex<State<K, O>>,
    /// Whether there are changes, so that between two turns there is no lock to take.
    changed: AtomicBool,
}

struct State<K, O> {
    changes: Vec<Change<K, O>>,
    handles: usize,
    /// The flow takes no more inputs.
    closed: bool,
    waker: Option<Waker>,
}

enum Change<K, O> {
    Insert(K, O),
    Remove(K),
}

impl<K, O> Shared<K, O> {
    /// Locks, also after a panic elsewhere: no code of others runs under this lock.
    fn lock(&self) -> MutexGuard<'_, State<K, O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the change back if the flow takes no more.
    fn change(&self, change: Change<K, O>) -> Result<(), Change<K, O>> {
        let waker = {
            let mut state = self.lock();
            if state.closed {
                return Err(change);
            }
            state.changes.push(change);
            self.changed.store(true, Ordering::Release);
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// Takes no more inputs, and drops those that were not begun.
    fn close(&self) {
        let changes = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.changes)
        };
        // Outside the lock: a flow may hold a handle of this very set.
        drop(changes);
    }
}

impl<K, O> MergeSet<K, O> {
    /// Puts a flow in; one that is there with the same key is dropped.
    ///
    /// Gives `false`, and drops the flow, if the merged flow has ended, is dropped, or was asked to stop.
    pub fn insert(&self, key: K, flow: O) -> bool {
        self.shared.change(Change::Insert(key, flow)).is_ok()
    }

    /// Takes the flow with that key out, if there is one, and has it dropped before another item is pulled from it.
    pub fn remove(&self, key: &K)
    where
        K: Clone,
    {
        // With nobody to hear of it the flow is gone.
        let _ = self.shared.change(Change::Remove(key.clone()));
    }
}

impl<K, O> Clone for MergeSet<K, O> {
    fn clone(&self) -> Self {
        self.shared.lock().handles += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K, O> Drop for MergeSet<K, O> {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.shared.lock();
            state.handles -= 1;
            if state.handles == 0 {
                state.waker.take()
            } else {
                None
            }
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

impl<K, O> fmt::Debug for MergeSet<K, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("MergeSet")
            .field("handles", &state.handles)
            .field("closed", &state.closed)
            .finish_non_exhaustive()
    }
}

/// The observable of [`merge_keyed`].
#[must_use = "flows do nothing unless run"]
pub struct MergeKeyed<K, O> {
    inputs: Inputs<O>,
    /// By index of the input.
    keys: Vec<Option<K>>,
    indices: HashMap<K, usize>,
    shared: Arc<Shared<K, O>>,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<K, O> Unpin for MergeKeyed<K, O> {}

impl<K: Clone + Eq + Hash, O: Observable> MergeKeyed<K, O> {
    /// Hears of the changes, and has `waker` woken by the next; tells whether there can be more.
    fn hear(&mut self, waker: &Waker, stopping: bool) -> bool {
        let (changes, replaced, is_open) = {
            let mut state = self.shared.lock();
            self.shared.changed.store(false, Ordering::Relaxed);
            state.closed |= stopping;
            let replaced = match &mut state.waker {
                Some(known) if known.will_wake(waker) => None,
                slot => slot.replace(waker.clone()),
            };
            let is_open = !state.closed && state.handles > 0;
            (std::mem::take(&mut state.changes), replaced, is_open)
        };
        // Outside the lock: a waker may hold a whole task.
        drop(replaced);
        for change in changes {
            match change {
                Change::Insert(key, flow) => {
                    self.remove(&key);
                    let index = self.inputs.insert(flow);
                    if index == self.keys.len() {
                        self.keys.push(None);
                    }
                    self.keys[index] = Some(key.clone());
                    self.indices.insert(key, index);
                }
                Change::Remove(key) => self.remove(&key),
            }
        }
        is_open
    }

    fn remove(&mut self, key: &K) {
        if let Some(index) = self.indices.remove(key) {
            self.keys[index] = None;
            self.inputs.remove(index);
        }
    }

    /// Forgets the key of an input that has ended.
    fn forget(&mut self, index: usize) {
        if let Some(key) = self.keys[index].take() {
            self.indices.remove(&key);
        }
    }
}

impl<K: Clone + Eq + Hash, O: Observable> Observable for MergeKeyed<K, O> {
    type Item = (K, O::Item);
    type Error = O::Error;

    fn poll_drain<E>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut((K, O::Item)) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let mut is_open = this.hear(cx.waker(), cx.stopping());
        this.inputs.begin(cx);
        loop {
            if this.shared.changed.load(Ordering::Acquire) {
                is_open = this.hear(cx.waker(), cx.stopping());
            }
            let (keys, changed) = (&this.keys, &this.shared.changed);
            let mut broke = false;
            let visit = this.inputs.visit(
                cx,
                |_| QUANTUM,
                |index, item| {
                    if let Some(key) = &keys[index] {
                        broke = emit((key.clone(), item)).is_break();
                    }
                    // The consumer may have taken out the very input that is polled.
                    if broke || changed.load(Ordering::Relaxed) {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                },
            );
            let Some(visit) = visit else {
                break;
            };
            match visit.drained {
                Poll::Pending => {}
                Poll::Ready(Ok(Drained::Completed)) => this.forget(visit.index),
                Poll::Ready(Ok(Drained::Stopped)) if !broke => {}
                Poll::Ready(Ok(Drained::Exhausted)) if !this.inputs.is_spent(cx) => {}
                Poll::Ready(Ok(_)) => return visit.drained,
                Poll::Ready(Err(_)) => {
                    this.end();
                    return visit.drained;
                }
            }
        }
        if is_open {
            return Poll::Pending;
        }
        let rest = this.inputs.rest();
        if rest.is_ready() {
            this.end();
        }
        rest
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).inputs(self.inputs.iter());
    }
}

impl<K, O> MergeKeyed<K, O> {
    fn end(&mut self) {
        self.inputs.clear();
        self.keys.clear();
        self.indices.clear();
        self.shared.close();
    }
}

impl<K, O> Drop for MergeKeyed<K, O> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<K, O: fmt::Debug> fmt::Debug for MergeKeyed<K, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeKeyed")
            .field("inputs", &self.inputs)
            .finish_non_exhaustive()
    }
}
