//! `ready_chunks`: gathers what is ready at once into vectors.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Gathers the items that are ready at once into vectors of at most `max` items, and waits for none.
    ///
    /// ```text
    /// in        -1-2-3-4-5--6---|
    ///             ready_chunks(9)
    /// consumer  -x-------x--x---x  (asks at x)
    /// out       -1-------{2345}--6---|
    /// ```
    ///
    /// A consumer that keeps up gets vectors of one item, a slow one gets batches. It is what lies in the source that
    /// counts, a subscription or a queue: if the source is pulled only when asked, put a [`buffer`](Flow::buffer) or
    /// [`spawned`](Flow::spawned) before it. For vectors of a certain size or time see [`chunks`](Flow::chunks).
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds the items of a vector only while it is polled.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; the items that came with it are dropped and counted as failed.
    ///
    /// # Panics
    ///
    /// Panics if `max` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let rows = Subject::new(16);
    /// let mut inserts = rows.subscribe().flow().ready_chunks(2);
    /// for row in [1, 2, 3] {
    ///     rows.send(row).await;
    /// }
    /// assert_eq!(inserts.next().await, Ok(Some(vec![1, 2])));
    /// assert_eq!(inserts.next().await, Ok(Some(vec![3])));
    /// # }
    /// ```
    #[doc(alias = "batch")]
    #[doc(alias = "chunks_ready")]
    #[track_caller]
    pub fn ready_chunks(self, max: usize) -> Flow<ReadyChunks<O>> {
        assert!(max > 0, "a chunk of 0 items never comes");
        Flow::new(ReadyChunks {
            stage: Stage::new("ready_chunks", self.into_inner(), ()),
            max,
            room: 0,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::ready_chunks`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct ReadyChunks<O> {
        #[pin]
        stage: Stage<O>,
        max: usize,
        // Items of the last chunk: the next one is as long, more often than not.
        room: usize,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for ReadyChunks<O> {
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
        let (max, room) = (*this.max, this.room);
        let mut chunk = Vec::new();
        let mut emitted = 0;
        let drained = this.stage.drain(cx, |(), item| {
            if chunk.is_empty() {
                chunk.reserve_exact(*room);
            }
            chunk.push(item);
            if chunk.len() < max {
                return ControlFlow::Continue(());
            }
            // Once in many items: the registers belong to the loop above.
            std::hint::cold_path();
            *room = max;
            emitted += chunk.len() as u64;
            emit(std::mem::take(&mut chunk))
        });
        let left = chunk.len() as u64;
        this.ledger.receive(emitted + left);
        this.ledger.emit(emitted);
        if chunk.is_empty() {
            return drained;
        }
        if let Poll::Ready(Err(_)) = drained {
            this.ledger.drop_items(DropReason::Failed, left);
            return drained;
        }
        *room = chunk.len();
        this.ledger.emit(left);
        if emit(chunk).is_break() {
            return Poll::Ready(Ok(Drained::Stopped));
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}
