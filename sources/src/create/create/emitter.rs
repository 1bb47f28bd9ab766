//! The hand-over between the future of `create` and its flow, from hand to hand.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Hands items to the flow of [`create`](super::create()) or [`try_create`](super::try_create).
///
/// It belongs into the future of that flow, which runs when the flow is polled. For items that other tasks send there is
/// [`channel`](crate::channel), which has a queue.
pub struct Emitter<T> {
    hands: Arc<Mutex<Hands<T>>>,
}

impl<T> Emitter<T> {
    /// Hands an item to the flow; ready when the consumer has taken it.
    ///
    /// Several sends may wait at once, as in `join!`; they are taken in their order. Where the emitter was moved out of its future, a send works as
    /// well; after the end of the flow it is ready at once, and its item is dropped: see [`is_closed`](Self::is_closed).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the item was not taken and is dropped.
    pub async fn send(&self, item: T) {
        let sending = Sending {
            hands: &self.hands,
            item: Some(item),
            id: None,
        };
        sending.await;
    }

    /// Tells whether the flow has ended or was dropped, which an emitter that was moved out of its future may outlive.
    pub fn is_closed(&self) -> bool {
        lock(&self.hands).is_closed
    }
}

impl<T> fmt::Debug for Emitter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// Creates both ends.
pub(super) fn hand_over<T>() -> (Emitter<T>, Taker<T>) {
    let hands = Arc::new(Mutex::new(Hands {
        line: VecDeque::new(),
        taken: Vec::new(),
        next_id: 0,
        flow: None,
        is_closed: false,
    }));
    let emitter = Emitter {
        hands: Arc::clone(&hands),
    };
    (emitter, Taker { hands })
}

struct Hands<T> {
    /// The sends that wait, with ascending ids: one, unless several are made at once.
    line: VecDeque<(u64, T, Waker)>,
    /// The sends whose items were taken, and that have not noticed.
    taken: Vec<(u64, Waker)>,
    next_id: u64,
    /// The task of the flow, while it has nothing to do.
    flow: Option<Waker>,
    is_closed: bool,
}

impl<T> Hands<T> {
    fn place(&self, id: u64) -> Option<usize> {
        self.line.binary_search_by_key(&id, |(id, ..)| *id).ok()
    }

    /// Takes out what there is of a send whose item is not in the line any more.
    fn notice(&mut self, id: u64) -> Option<(u64, Waker)> {
        let index = self.taken.iter().position(|(taken, _)| *taken == id)?;
        Some(self.taken.swap_remove(index))
    }
}

fn lock<T>(hands: &Mutex<Hands<T>>) -> MutexGuard<'_, Hands<T>> {
    // A panic of a waker leaves nothing half done.
    hands.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Sending<'a, T> {
    hands: &'a Mutex<Hands<T>>,
    /// Until it is put into the line.
    item: Option<T>,
    /// From then on, until the end.
    id: Option<u64>,
}

// The item is never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut hands = lock(this.hands);
        if let Some(id) = this.id {
            let Some(place) = hands.place(id) else {
                let noticed = hands.notice(id);
                drop(hands);
                drop(noticed);
                this.id = None;
                return Poll::Ready(());
            };
            hands.line[place].2.clone_from(task.waker());
            return Poll::Pending;
        }
        if hands.is_closed {
            return Poll::Ready(());
        }
        let Some(item) = this.item.take() else {
            return Poll::Ready(());
        };
        let id = hands.next_id;
        hands.next_id += 1;
        hands.line.push_back((id, item, task.waker().clone()));
        this.id = Some(id);
        // There is none if the flow is being polled, as it is when this is in its future.
        let flow = hands.flow.take();
        drop(hands);
        if let Some(flow) = flow {
            flow.wake();
        }
        Poll::Pending
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        let Some(id) = self.id else {
            return;
        };
        let mut hands = lock(self.hands);
        let unsent = hands.place(id).and_then(|place| hands.line.remove(place));
        let noticed = hands.notice(id);
        drop(hands);
        drop((unsent, noticed));
    }
}

/// The flow's end.
pub(super) struct Taker<T> {
    hands: Arc<Mutex<Hands<T>>>,
}

impl<T> Taker<T> {
    /// Takes the item that is first in line; if there is none has the task woken when there is.
    ///
    /// Sends are not woken when their items are taken: those in the flow's own future are polled again before the flow
    /// waits. Whoever has not noticed when it does is somewhere else, or has a waker of its own.
    pub(super) fn poll_take(&self, task: &mut Context<'_>) -> Poll<T> {
        let mut hands = lock(&self.hands);
        if let Some((id, item, waker)) = hands.line.pop_front() {
            hands.taken.push((id, waker));
            return Poll::Ready(item);
        }
        let replaced = hands.flow.replace(task.waker().clone());
        let taken = std::mem::take(&mut hands.taken);
        drop(hands);
        drop(replaced);
        for (_, waker) in taken {
            waker.wake();
        }
        Poll::Pending
    }

    /// Says that the flow is being polled, and need not be woken.
    pub(super) fn attend(&self) {
        let flow = lock(&self.hands).flow.take();
        drop(flow);
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        let mut hands = lock(&self.hands);
        hands.is_closed = true;
        let line = std::mem::take(&mut hands.line);
        let taken = std::mem::take(&mut hands.taken);
        let flow = hands.flow.take();
        drop(hands);
        drop(flow);
        for (_, waker) in taken {
            waker.wake();
        }
        for (_, item, waker) in line {
            drop(item);
            waker.wake();
        }
    }
}
