//! `delay`: everything a while later.

use std::{collections::VecDeque, fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    ledger::Ledger,
    timer::{Timer, later},
};

/// Items that are under way at once, unless [`Flow::capacity`] says otherwise.
const CAPACITY: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Hands every item on `time` after it came, with the same gaps and in the same order.
    ///
    /// ```text
    /// in   ---a--b-c|
    ///        delay(4)
    /// out  -------a--b-(c|)
    /// ```
    ///
    /// Completion comes with the last item, or at once if none is under way. To delay only the beginning, to space items
    /// out, or to wait for quiet are other operators.
    ///
    /// # Backpressure
    ///
    /// Holds what comes within `time`, at most 1024 items or what [`capacity`](Flow::capacity) says. When it is full the
    /// source is not polled until an item has gone out; the time of an item counts from the poll that pulls it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the items under way, and counts them as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream is not delayed; the items under way are dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let start = Instant::now();
    /// let echo = (1..=3).flow().delay(Duration::from_millis(20));
    /// assert_eq!(echo.collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// assert!(start.elapsed() >= Duration::from_millis(20));
    /// # }
    /// ```
    #[doc(alias = "delay_sequence")]
    #[doc(alias = "delay_elements")]
    #[track_caller]
    pub fn delay(self, time: Duration) -> Flow<Delay<O>> {
        Flow::new(Delay {
            stage: Stage::new("delay", self.into_inner(), ()),
            time,
            capacity: CAPACITY,
            under_way: VecDeque::new(),
            timer: Timer::new(),
            ledger: Ledger::new(),
        })
    }
}

impl<O: Observable> Flow<Delay<O>> {
    /// Sets how many items may be under way at once.
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
    /// The observable of [`Flow::delay`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Delay<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        time: Duration,
        capacity: usize,
        under_way: VecDeque<(Instant, O::Item)>,
        timer: Timer,
        ledger: Ledger,
    }
}

/// Emits what is due.
fn arrive<T>(
    under_way: &mut VecDeque<(Instant, T)>,
    now: Instant,
    mut emit: impl FnMut(T) -> ControlFlow<()>,
) -> ControlFlow<()> {
    while let Some((_, item)) = under_way.pop_front_if(|(due, _)| *due <= now) {
        emit(item)?;
    }
    ControlFlow::Continue(())
}

impl<O: Observable> Observable for Delay<O> {
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
        let (under_way, capacity, ledger) = (this.under_way, *this.capacity, this.ledger);
        let mut now = Instant::now();
        loop {
            // Without a budget nobody asks for an item; and the source hears of a stop first, as the consumer may break.
            if cx.budget() > 0 && !this.stage.owes_stop(cx) {
                let before = under_way.len();
                let arrived = arrive(under_way, now, &mut emit);
                ledger.emit((before - under_way.len()) as u64);
                if arrived.is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
            let full = under_way.len() >= capacity;
            let mut drained = Poll::Pending;
            if !full || this.stage.owes_stop(cx) {
                let due = later(now, *this.time);
                let before = under_way.len();
                drained = cx.limited(if full { 0 } else { u32::MAX }, |cx| {
                    this.stage.as_mut().drain(cx, |(), item| {
                        under_way.push_back((due, item));
                        if under_way.len() < capacity {
                            ControlFlow::Continue(())
                        } else {
                            ControlFlow::Break(())
                        }
                    })
                });
                ledger.receive((under_way.len() - before) as u64);
            }
            match drained {
                Poll::Ready(Err(error)) => {
                    ledger.drop_items(DropReason::Failed, under_way.len() as u64);
                    under_way.clear();
                    return Poll::Ready(Err(error));
                }
                Poll::Ready(Ok(Drained::Completed)) if under_way.is_empty() => return drained,
                Poll::Ready(Ok(Drained::Exhausted)) if !full => return drained,
                _ => {}
            }
            let Some(&(due, _)) = under_way.front() else {
                return Poll::Pending;
            };
            this.timer.set(due);
            if !this.timer.poll(cx.task(), now) {
                return Poll::Pending;
            }
            if cx.budget() == 0 {
                return Poll::Ready(Ok(Drained::Exhausted));
            }
            now = now.max(due);
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(self.capacity))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Delay<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delay")
            .field("stage", &self.stage)
            .field("time", &self.time)
            .field("capacity", &self.capacity)
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}
