//! Which of many inputs woke, so that a stage of thousands polls only those.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, atomic::Ordering},
    task::{Wake, Waker},
};

use crate::{
    queue::lock,
    sync::{AtomicBool, Mutex},
};

/// The inputs of a stage that are to be polled, in the order in which they became ready; those that woke between two
/// polls in the order of their indices, so that what wakes at one instant is always polled alike.
///
/// Every input has a [`ChildWaker`] with its index. A wake puts the index in line once, however often it comes, and
/// wakes the stage; a poll costs what is ready, not what there is. Holds one index an input.
#[derive(Default)]
pub struct ReadySet {
    shared: Arc<Shared>,
    line: VecDeque<usize>,
    /// Used again whenever those that woke are put in order, by their keys.
    sorting: Vec<(u64, usize)>,
}

#[derive(Default)]
struct Shared {
    woken: Mutex<Woken>,
}

#[derive(Default)]
struct Woken {
    indices: Vec<usize>,
    parent: Option<Waker>,
}

/// The waker of one input of a [`ReadySet`].
pub struct ChildWaker {
    child: Arc<Child>,
    waker: Waker,
}

struct Child {
    index: usize,
    /// In line or among the woken. Whoever sets it puts the index there.
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl ReadySet {
    /// Creates a set without inputs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an input, which is to be polled at once.
    #[must_use]
    pub fn add(&mut self, index: usize) -> ChildWaker {
        self.line.push_back(index);
        self.child(index, true)
    }

    /// Adds an input that is not in line: the stage polls it on its own account before it waits for a wake.
    #[must_use]
    pub fn add_aside(&mut self, index: usize) -> ChildWaker {
        self.child(index, false)
    }

    fn child(&self, index: usize, queued: bool) -> ChildWaker {
        let child = Arc::new(Child {
            index,
            queued: AtomicBool::new(queued),
            shared: Arc::clone(&self.shared),
        });
        let waker = Waker::from(Arc::clone(&child));
        ChildWaker { child, waker }
    }

    /// Has `parent` woken by the next wake of an input, and puts those that woke until now in line.
    pub fn register(&mut self, parent: &Waker) {
        self.register_by_key(parent, |index| index as u64);
    }

    /// As [`register`](Self::register), but those that woke come in line in the order of a key of their index.
    ///
    /// For a stage that gives an index to one input after the other, and wants the older ones first.
    pub fn register_by_key(&mut self, parent: &Waker, mut key: impl FnMut(usize) -> u64) {
        let mut woken = lock(&self.shared.woken);
        match &mut woken.parent {
            Some(known) => known.clone_from(parent),
            none => *none = Some(parent.clone()),
        }
        // Every key is looked up once: the comparisons stay within a few cache lines.
        let keyed = woken.indices.drain(..).map(|index| (key(index), index));
        self.sorting.extend(keyed);
        drop(woken);
        self.sorting.sort_unstable_by_key(|(key, _)| *key);
        self.line
            .extend(self.sorting.drain(..).map(|(_, index)| index));
    }

    /// Takes the input that is longest in line.
    ///
    /// Its [`ChildWaker::start`] must be called before it is polled.
    pub fn take(&mut self) -> Option<usize> {
        self.line.pop_front()
    }

    /// Puts an input back in line because it has more.
    pub fn again(&mut self, waker: &ChildWaker) {
        if !waker.child.queued.swap(true, Ordering::AcqRel) {
            self.line.push_back(waker.child.index);
        }
    }
}

impl ChildWaker {
    /// Marks that the input is about to be polled: a wake from now on counts anew.
    pub fn start(&self) {
        self.child.queued.store(false, Ordering::Release);
    }

    /// Gives the waker to poll the input with.
    #[must_use]
    pub fn waker(&self) -> &Waker {
        &self.waker
    }
}

impl Wake for Child {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let parent = {
            let mut woken = lock(&self.shared.woken);
            woken.indices.push(self.index);
            woken.parent.take()
        };
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

impl fmt::Debug for ReadySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadySet")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ChildWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildWaker")
            .field("index", &self.child.index)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_puts_an_input_in_line_once_and_wakes_the_parent() {
        let mut set = ReadySet::new();
        let first = set.add(0);
        let second = set.add(1);
        assert_eq!(
            (set.take(), set.take(), set.take()),
            (Some(0), Some(1), None)
        );
        first.start();
        second.start();

        let mut parent = ReadySet::new();
        let parent_waker = parent.add(7);
        parent_waker.start();
        assert_eq!(parent.take(), Some(7));
        set.register(parent_waker.waker());

        second.waker().wake_by_ref();
        second.waker().wake_by_ref();
        first.waker().wake_by_ref();
        parent.register(Waker::noop());
        assert_eq!(parent.take(), Some(7), "the parent was woken");
        set.register(Waker::noop());
        assert_eq!(
            (set.take(), set.take(), set.take()),
            (Some(0), Some(1), None)
        );
    }

    #[test]
    fn an_input_that_was_added_aside_comes_in_line_when_it_wakes() {
        let mut set = ReadySet::new();
        let child = set.add_aside(3);
        set.register(Waker::noop());
        assert_eq!(set.take(), None);
        child.waker().wake_by_ref();
        set.register(Waker::noop());
        assert_eq!((set.take(), set.take()), (Some(3), None));
    }

    #[test]
    fn an_input_that_woke_while_it_was_polled_is_not_put_in_line_twice() {
        let mut set = ReadySet::new();
        let child = set.add(0);
        assert_eq!(set.take(), Some(0));
        child.start();
        child.waker().wake_by_ref();
        set.again(&child);
        set.register(Waker::noop());
        assert_eq!((set.take(), set.take()), (Some(0), None));
    }
}
