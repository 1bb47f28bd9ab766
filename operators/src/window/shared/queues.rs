//! The items of a window in a queue, whose reading end is emitted when the window opens.

use std::{
    collections::VecDeque,
    fmt,
    task::{Context, Poll},
};

use thalweg_core::{
    DropReason, Holds, Meter, Observable, Overflow, StageId,
    queue::{QueueSender, queue},
};

use crate::Flow;

use super::{Border, Copies, Gather, Window, open::OpenWindows};

/// Items that the queue of a window holds, unless `capacity` says otherwise.
const CAPACITY: usize = 256;

/// The open windows, each the writing end of a queue. An item counts once for every window that it comes into.
pub(in crate::window) struct Queues<O: Observable> {
    id: StageId,
    open: OpenWindows<Feed<O::Item, O::Error>>,
    copies: Copies<O::Item>,
    capacity: usize,
    meter: Meter,
    /// What has not been counted yet.
    unmatched: u64,
}

/// Where the items of one window go.
struct Feed<T, E> {
    /// What came in this poll: it crosses at once, under one lock.
    batch: VecDeque<T>,
    /// Items that surely fit besides the batch. There may be more room by now, never less.
    room: usize,
    sender: QueueSender<T, E>,
}

impl<O: Observable> Queues<O> {
    pub(in crate::window) fn new(id: StageId, copies: Copies<O::Item>) -> Self {
        Self {
            id,
            open: OpenWindows::new(),
            copies,
            capacity: CAPACITY,
            meter: Meter::new(),
            unmatched: 0,
        }
    }

    pub(in crate::window) fn set_copies(&mut self, copies: Copies<O::Item>) {
        self.copies = copies;
    }

    #[track_caller]
    pub(in crate::window) fn set_capacity(&mut self, items: usize) {
        assert!(items > 0, "a window of 0 items lets nothing through");
        self.capacity = items;
    }
}

impl<T, E> Feed<T, E> {
    fn flush(&mut self) {
        if self.sender.send_batch(&mut self.batch).is_err() {
            let left = self.batch.drain(..).len() as u64;
            self.sender.count_dropped(DropReason::Cancelled, left);
        }
    }

    fn look_for_room(&mut self, task: &mut Context<'_>) {
        self.flush();
        self.room = match self.sender.poll_room(task) {
            Poll::Ready(Ok(room)) => room,
            // It was dropped: what still comes is counted and forgotten.
            Poll::Ready(Err(_)) => usize::MAX,
            Poll::Pending => 0,
        };
    }

    fn end(mut self, end: Result<(), E>) {
        self.flush();
        self.sender.end(end);
    }
}

impl<O: Observable<Error: Clone>> Gather<O> for Queues<O> {
    type Output = Flow<Window<O::Item, O::Error>>;

    fn cross(&mut self, border: Border) -> Option<Self::Output> {
        if border != Border::Open {
            if let Some(feed) = self.open.close(border) {
                feed.end(Ok(()));
            }
            return None;
        }
        let (sender, receiver) = queue(self.id, self.capacity, Overflow::Wait, self.meter.clone());
        self.open.open(Feed {
            batch: VecDeque::new(),
            room: self.capacity,
            sender,
        });
        Some(Flow::new(Window::new(receiver)))
    }

    fn is_empty(&self) -> bool {
        self.open.len() == 0
    }

    fn poll_room(&mut self, task: &mut Context<'_>) -> bool {
        let mut has_room = true;
        for feed in self.open.iter_mut() {
            if feed.room == 0 {
                feed.look_for_room(task);
                has_room &= feed.room > 0;
            }
        }
        has_room
    }

    #[inline]
    fn put(&mut self, item: O::Item) -> bool {
        let mut has_room = true;
        let matched = self.open.share(item, self.copies, |feed, item| {
            feed.batch.push_back(item);
            feed.room = feed.room.saturating_sub(1);
            has_room &= feed.room > 0;
        });
        self.unmatched += u64::from(!matched);
        has_room
    }

    fn settle(&mut self) {
        self.open.iter_mut().for_each(Feed::flush);
        let unmatched = std::mem::take(&mut self.unmatched);
        if unmatched > 0 {
            self.meter.receive(unmatched);
            self.meter.drop_items(DropReason::Unmatched, unmatched);
        }
    }

    fn fail(&mut self, error: O::Error) -> O::Error {
        for feed in self.open.drain() {
            feed.end(Err(error.clone()));
        }
        error
    }

    fn stop_requested(&mut self, task: &mut Context<'_>) -> bool {
        let feeds = self.open.iter_mut();
        // All are asked, so that all wake the task.
        feeds.fold(false, |stop, feed| feed.sender.stop_requested(task) | stop)
    }

    fn holds(&self, _: Holds) -> Holds {
        // Windows that are closed hold items until they are read, and there may be any number of them.
        Holds::Unbounded
    }

    fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl<O: Observable> Clone for Queues<O> {
    /// A clone starts anew.
    ///
    /// # Panics
    ///
    /// Panics if windows are open: they are in other hands.
    #[track_caller]
    fn clone(&self) -> Self {
        let (id, open) = (self.id, self.open.len());
        assert!(open == 0, "{id} runs: clone a flow before it is polled");
        Self {
            id,
            open: OpenWindows::new(),
            copies: self.copies,
            capacity: self.capacity,
            meter: self.meter.clone(),
            unmatched: 0,
        }
    }
}

impl<O: Observable> fmt::Debug for Queues<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues")
            .field("open", &self.open.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
