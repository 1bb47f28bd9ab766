//! `chunks`: gathers items into vectors, by number and by time.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    ledger::Ledger,
    timer::{Timer, later},
};

impl<O: Observable> Flow<O> {
    /// Gathers items into vectors; [`max`](Flow::max) and [`within`](Flow::within) say when one is full.
    ///
    /// ```text
    /// in   --1--2--3------4--|
    ///        chunks().max(2).within(6)
    /// out  -----12-------3--4|
    /// ```
    ///
    /// The last chunk is handed on when the source completes. Empty chunks never are.
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds the chunk in the making: at most `max` items, without `max` as many as come.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the chunk in the making, which is counted as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes; the chunk in the making is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let chunks = (1..=5).flow().chunks().max(2).within(Duration::from_secs(1));
    /// assert_eq!(chunks.collect::<Vec<_>>().await, Ok(vec![vec![1, 2], vec![3, 4], vec![5]]));
    /// # }
    /// ```
    #[doc(alias = "buffer_count")]
    #[doc(alias = "buffer_timeout")]
    #[doc(alias = "grouped_within")]
    #[doc(alias = "ready_chunks")]
    #[track_caller]
    pub fn chunks(self) -> Flow<Chunks<O>> {
        Flow::new(Chunks {
            stage: Stage::new("chunks", self.into_inner(), ()),
            chunk: Vec::new(),
            max: usize::MAX,
            within: None,
            timer: Timer::new(),
            ledger: Ledger::new(),
        })
    }
}

impl<O: Observable> Flow<Chunks<O>> {
    /// Hands a chunk on as soon as it has `items` items.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn max(self, items: usize) -> Self {
        assert!(items > 0, "a chunk of 0 items never comes");
        let mut chunks = self.into_inner();
        chunks.max = items;
        Self::new(chunks)
    }

    /// Hands a chunk on at the latest when `time` has passed since its first item.
    ///
    /// The border belongs to the next chunk: an item that comes at that very instant opens a new one.
    pub fn within(self, time: Duration) -> Self {
        let mut chunks = self.into_inner();
        chunks.within = Some(time);
        Self::new(chunks)
    }
}

pin_project! {
    /// The observable of [`Flow::chunks`].
    #[must_use = "flows do nothing unless run"]
    pub struct Chunks<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        chunk: Vec<O::Item>,
        max: usize,
        within: Option<Duration>,
        timer: Timer,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for Chunks<O> {
    type Item = Vec<O::Item>;
    type Error = O::Error;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(Vec<O::Item>) -> ControlFlow<()>,
    {
        let this = self.project();
        let (chunk, timer, ledger) = (this.chunk, this.timer, this.ledger);
        let max = *this.max;
        // A capacity that is only a bound is not worth its memory.
        let room = if max > 4096 { 0 } else { max };
        let now = this.within.map(|_| Instant::now());
        // The source hears of a stop before what may be due goes out, as the consumer may break.
        let tells = now.is_some() && !chunk.is_empty() && this.stage.owes_stop(cx);
        if let Some(now) = now
            && cx.budget() > 0
            && !tells
            && timer.poll(cx.task(), now)
        {
            ledger.emit(chunk.len() as u64);
            if emit(std::mem::take(chunk)).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        // Filled in a local, where the compiler can hold its length in a register.
        let mut filling = std::mem::take(chunk);
        let held_before = filling.len() as u64;
        let mut emitted = 0;
        let drained = cx.limited(if tells { 0 } else { u32::MAX }, |cx| {
            this.stage.drain(cx, |(), item| {
                if needs_room(&filling) {
                    filling = grown(std::mem::take(&mut filling), item, room);
                    if let (Some(now), Some(time), 1) = (now, *this.within, filling.len()) {
                        timer.set(later(now, time));
                    }
                } else {
                    filling.push(item);
                }
                if filling.len() < max {
                    return ControlFlow::Continue(());
                }
                // Once in many items: the registers belong to the loop above.
                std::hint::cold_path();
                timer.clear();
                emitted += filling.len() as u64;
                emit(std::mem::take(&mut filling))
            })
        });
        ledger.receive(emitted + filling.len() as u64 - held_before);
        ledger.emit(emitted);
        *chunk = filling;
        match drained {
            Poll::Ready(Ok(Drained::Completed)) | Poll::Pending
                if cx.budget() == 0 && !chunk.is_empty() =>
            {
                Poll::Ready(Ok(Drained::Exhausted))
            }
            Poll::Ready(Ok(Drained::Completed)) if !chunk.is_empty() => {
                timer.clear();
                ledger.emit(chunk.len() as u64);
                Poll::Ready(Ok(match emit(std::mem::take(chunk)) {
                    ControlFlow::Continue(()) => Drained::Completed,
                    ControlFlow::Break(()) => Drained::Stopped,
                }))
            }
            Poll::Ready(Err(error)) => {
                timer.clear();
                ledger.drop_items(DropReason::Failed, chunk.len() as u64);
                chunk.clear();
                Poll::Ready(Err(error))
            }
            Poll::Pending => {
                // Armed only now, so that a chunk that fills in one poll costs no timer. The time may be out already: it is
                // nothing, or the clock went on while the items came.
                if let Some(now) = now
                    && timer.poll(cx.task(), now)
                {
                    ledger.emit(chunk.len() as u64);
                    if emit(std::mem::take(chunk)).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
                Poll::Pending
            }
            drained @ Poll::Ready(_) => drained,
        }
    }

    fn describe(&self, plan: &mut Plan) {
        let holds = if self.max == usize::MAX {
            Holds::Unbounded
        } else {
            Holds::Items(self.max)
        };
        plan.stage(self.stage.id())
            .holds(holds)
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

/// Tells whether the next item is the first of a chunk, or finds its memory full.
///
/// A new chunk has no memory, so one comparison an item answers both; items without a size never need any.
#[inline]
fn needs_room<T>(chunk: &Vec<T>) -> bool {
    chunk.len() == chunk.capacity() || (size_of::<T>() == 0 && chunk.is_empty())
}

/// Makes room and adds an item. By value: a chunk that is lent to nobody stays in registers.
#[cold]
fn grown<T>(mut chunk: Vec<T>, item: T, room: usize) -> Vec<T> {
    if chunk.is_empty() {
        chunk = Vec::with_capacity(room);
    }
    chunk.push(item);
    chunk
}

impl<O> Clone for Chunks<O>
where
    O: Observable<Item: Clone> + Clone,
{
    fn clone(&self) -> Self {
        Self {
            stage: self.stage.clone(),
            chunk: self.chunk.clone(),
            max: self.max,
            within: self.within,
            timer: self.timer.clone(),
            ledger: self.ledger.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Chunks<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("stage", &self.stage)
            .field("held", &self.chunk.len())
            .field("max", &self.max)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}
