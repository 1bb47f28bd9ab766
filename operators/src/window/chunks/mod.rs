//! `chunks`: gathers items into vectors, by number, time, size and content.

mod filling;
mod rule;

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};
use tokio::time::Instant;

use crate::{
    Flow, Stage,
    ledger::Ledger,
    timer::{Timer, later},
};

use self::filling::{grown, needs_room, next_chunk};
pub use self::rule::{Bytes, ChunkRule, NoRule, Overlap, Until};

impl<O: Observable> Flow<O> {
    /// Gathers items into vectors; [`max`](Flow::max), [`within`](Flow::within), [`bytes`](Flow::bytes) and
    /// [`until`](Flow::until) say when one is full.
    ///
    /// ```text
    /// in   --1--2--3------4--|
    ///        chunks().max(2).within(6)
    /// out  -----12-------3---(4|)
    /// ```
    ///
    /// The last chunk is handed on when the source completes. Empty chunks never are. Whatever comes first ends a chunk;
    /// [`overlap`](Flow::overlap) has it begin with the last items of the one before.
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
    #[doc(alias = "grouped_weighted")]
    #[doc(alias = "buffer_until")]
    #[doc(alias = "ready_chunks")]
    #[track_caller]
    pub fn chunks(self) -> Flow<Chunks<O>> {
        Flow::new(Chunks {
            stage: Stage::new("chunks", self.into_inner(), NoRule(())),
            chunk: Vec::new(),
            repeated: 0,
            is_due: false,
            max: usize::MAX,
            overlap: 0,
            within: None,
            timer: Timer::new(),
            ledger: Ledger::new(),
        })
    }
}

impl<O: Observable, R: ChunkRule<O::Item>> Flow<Chunks<O, R>> {
    /// Hands a chunk on as soon as it has `items` items, with those that are repeated.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0, or not more than the [`overlap`](Flow::overlap).
    #[track_caller]
    pub fn max(self, items: usize) -> Self {
        assert!(items > 0, "a chunk of 0 items never comes");
        assert_room(items, self.inner().overlap);
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

    /// Hands a chunk on before it has more than `limit` bytes, or whatever `size` counts.
    ///
    /// A chunk that has exactly as many is handed on at once. An item that is larger by itself comes alone.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let packets = ["to", "the", "open", "sea"].flow().chunks().bytes(6, |word| word.len());
    /// assert_eq!(packets.collect::<Vec<_>>().await, Ok(vec![vec!["to", "the"], vec!["open"], vec!["sea"]]));
    /// # }
    /// ```
    #[track_caller]
    pub fn bytes<S>(self, limit: usize, size: S) -> Flow<Chunks<O, Bytes<R, S>>>
    where
        S: FnMut(&O::Item) -> usize,
    {
        assert!(limit > 0, "a chunk of 0 bytes never comes");
        Flow::new(
            self.into_inner()
                .ruled(|rule| Bytes::new(rule, limit, size)),
        )
    }

    /// Hands a chunk on with an item for which `is_last` holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let sentences = ["Go", "on.", "Stop."].flow().chunks().until(|word| word.ends_with('.'));
    /// assert_eq!(sentences.collect::<Vec<_>>().await, Ok(vec![vec!["Go", "on."], vec!["Stop."]]));
    /// # }
    /// ```
    pub fn until<P>(self, is_last: P) -> Flow<Chunks<O, Until<R, P>>>
    where
        P: FnMut(&O::Item) -> bool,
    {
        Flow::new(self.into_inner().ruled(|rule| Until::new(rule, is_last)))
    }

    /// Begins every chunk with the last `items` items of the one before.
    ///
    /// They count for [`max`](Flow::max) and [`bytes`](Flow::bytes), not for the numbers of the stage. A chunk has at least one
    /// item besides them; its time begins with that.
    ///
    /// # Panics
    ///
    /// Panics if that leaves no room in a chunk of [`max`](Flow::max) items.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let chunks = (1..=5).flow().chunks().max(3).overlap(1);
    /// assert_eq!(chunks.collect::<Vec<_>>().await, Ok(vec![vec![1, 2, 3], vec![3, 4, 5]]));
    /// # }
    /// ```
    #[track_caller]
    pub fn overlap(self, items: usize) -> Flow<Chunks<O, Overlap<R>>>
    where
        O::Item: Clone,
    {
        assert_room(self.inner().max, items);
        let mut chunks = self.into_inner().ruled(|rule| Overlap::new(rule, items));
        chunks.overlap = items;
        Flow::new(chunks)
    }
}

#[track_caller]
fn assert_room(max: usize, overlap: usize) {
    assert!(
        overlap < max,
        "chunks of {max} items that repeat {overlap} have no room for another"
    );
}

pin_project! {
    /// The observable of [`Flow::chunks`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Chunks<O, R = NoRule>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, R>,
        chunk: Vec<O::Item>,
        // Items at its beginning that were handed on with the chunk before.
        repeated: usize,
        // It is full, but the consumer broke at the one before, which was handed on because of the same item.
        is_due: bool,
        max: usize,
        overlap: usize,
        within: Option<Duration>,
        timer: Timer,
        ledger: Ledger,
    }
}

impl<O: Observable, R> Chunks<O, R> {
    fn ruled<Q>(self, make: impl FnOnce(R) -> Q) -> Chunks<O, Q> {
        Chunks {
            stage: self.stage.map_state(make),
            chunk: self.chunk,
            repeated: self.repeated,
            is_due: self.is_due,
            max: self.max,
            overlap: self.overlap,
            within: self.within,
            timer: self.timer,
            ledger: self.ledger,
        }
    }
}

impl<O: Observable, R: ChunkRule<O::Item>> Observable for Chunks<O, R> {
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
        let mut this = self.project();
        let (chunk, repeated, is_due) = (this.chunk, this.repeated, this.is_due);
        let (timer, ledger, max) = (this.timer, this.ledger, *this.max);
        // A capacity that is only a bound is not worth its memory.
        let room = if max > 4096 { 0 } else { max };
        let now = this.within.map(|_| Instant::now());
        // The source hears of a stop before what may be due goes out, as the consumer may break.
        let may_be_due = (now.is_some() || *is_due) && chunk.len() > *repeated;
        let tells = may_be_due && this.stage.owes_stop(cx);
        if may_be_due
            && cx.budget() > 0
            && !tells
            && let Some(rule) = this.stage.as_mut().state()
            && (std::mem::take(is_due) || now.is_some_and(|now| timer.poll(cx.task(), now)))
        {
            timer.clear();
            ledger.emit((chunk.len() - *repeated) as u64);
            if emit(next_chunk(chunk, repeated, rule)).is_break() {
                return Poll::Ready(Ok(Drained::Stopped));
            }
        }
        // Filled in a local, where the compiler can hold its length in a register.
        let mut filling = std::mem::take(chunk);
        let held_before = (filling.len() - *repeated) as u64;
        let mut emitted = 0;
        let drained = cx.limited(if tells { 0 } else { u32::MAX }, |cx| {
            this.stage.as_mut().drain(cx, |rule, item| {
                let mut flow = ControlFlow::Continue(());
                if rule.exceeds(&item) && filling.len() > *repeated {
                    std::hint::cold_path();
                    timer.clear();
                    emitted += (filling.len() - *repeated) as u64;
                    flow = emit(next_chunk(&mut filling, repeated, rule));
                }
                let is_last = rule.fills(&item);
                if needs_room::<_, R>(&filling, *repeated) {
                    filling = grown(std::mem::take(&mut filling), item, room);
                    if let (Some(now), Some(time)) = (now, *this.within)
                        && filling.len() == *repeated + 1
                    {
                        timer.set(later(now, time));
                    }
                } else {
                    filling.push(item);
                }
                if filling.len() < max && !is_last {
                    return flow;
                }
                // Once in many items: the registers belong to the loop above.
                std::hint::cold_path();
                if flow.is_break() {
                    *is_due = true;
                    return flow;
                }
                timer.clear();
                emitted += (filling.len() - *repeated) as u64;
                emit(next_chunk(&mut filling, repeated, rule))
            })
        });
        ledger.receive(emitted + (filling.len() - *repeated) as u64 - held_before);
        ledger.emit(emitted);
        *chunk = filling;
        let is_begun = chunk.len() > *repeated;
        match drained {
            Poll::Ready(Ok(Drained::Completed)) | Poll::Pending if cx.budget() == 0 && is_begun => {
                Poll::Ready(Ok(Drained::Exhausted))
            }
            Poll::Ready(Ok(Drained::Completed)) if is_begun => {
                timer.clear();
                *is_due = false;
                ledger.emit((chunk.len() - *repeated) as u64);
                *repeated = 0;
                Poll::Ready(Ok(match emit(std::mem::take(chunk)) {
                    ControlFlow::Continue(()) => Drained::Completed,
                    ControlFlow::Break(()) => Drained::Stopped,
                }))
            }
            Poll::Ready(Ok(Drained::Completed)) => {
                *repeated = 0;
                chunk.clear();
                Poll::Ready(Ok(Drained::Completed))
            }
            Poll::Ready(Err(error)) => {
                timer.clear();
                *is_due = false;
                ledger.drop_items(DropReason::Failed, (chunk.len() - *repeated) as u64);
                *repeated = 0;
                chunk.clear();
                Poll::Ready(Err(error))
            }
            Poll::Pending => {
                // Armed only now, so that a chunk that fills in one poll costs no timer. The time may be out already: it is
                // nothing, or the clock went on while the items came.
                if let Some(rule) = this.stage.state()
                    && (std::mem::take(is_due) || now.is_some_and(|now| timer.poll(cx.task(), now)))
                {
                    timer.clear();
                    ledger.emit((chunk.len() - *repeated) as u64);
                    if emit(next_chunk(chunk, repeated, rule)).is_break() {
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

impl<O: Observable + fmt::Debug, R> fmt::Debug for Chunks<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("stage", &self.stage)
            .field("held", &self.chunk.len())
            .field("max", &self.max)
            .field("within", &self.within)
            .field("overlap", &self.overlap)
            .finish_non_exhaustive()
    }
}
