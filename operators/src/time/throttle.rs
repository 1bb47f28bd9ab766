//! `throttle`: at most one item of every stretch of time.

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
    /// Hands on an item, then drops what comes for `window`; the next item opens another window.
    ///
    /// ```text
    /// in   -a-xy-----b--x--cxxx--|
    ///        throttle(4)
    /// out  -a--------b-----c-----|
    ///        throttle(4).trailing()
    /// out  -----y--------x---x---(x|)
    ///        throttle(4).both()
    /// out  -a---y----b---x---x---(x|)
    /// ```
    ///
    /// [`trailing`](Flow::trailing) hands on the last item of a window instead of its first, [`both`](Flow::both) the
    /// first and the last. An item that comes at the very instant at which a window ends still belongs to it.
    ///
    /// When the source completes while a trailing item waits, that item comes at the end of its window, and completion
    /// with it; otherwise completion passes at once. To slow down without a loss see [`pace`](Flow::pace).
    ///
    /// # Backpressure
    ///
    /// Pulls all there is; what is not emitted is dropped and counted as superseded. Holds one item, without a trailing
    /// edge none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the trailing item that waits, and counts it as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes at once; the item that waits is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let positions = (0..1000).flow().throttle(Duration::from_millis(100));
    /// assert_eq!(positions.collect::<Vec<_>>().await, Ok(vec![0]));
    /// # }
    /// ```
    #[doc(alias = "throttle_time")]
    #[doc(alias = "throttle_first")]
    #[doc(alias = "throttle_latest")]
    #[doc(alias = "sample_first")]
    #[track_caller]
    pub fn throttle(self, window: Duration) -> Flow<Throttle<O>> {
        Flow::new(Throttle {
            stage: Stage::new("throttle", self.into_inner(), ()),
            edges: Edges::Leading,
            window,
            open_until: None,
            pending: None,
            timer: Timer::new(),
            ledger: Ledger::new(),
        })
    }
}

impl<O: Observable> Flow<Throttle<O>> {
    /// Hands on the first item of a window, which is the default.
    pub fn leading(self) -> Self {
        self.on(Edges::Leading)
    }

    /// Hands on the last item of a window, at its end; that opens the next window.
    pub fn trailing(self) -> Self {
        self.on(Edges::Trailing)
    }

    /// Hands on the first item of a window at once and the last, if it is another, at its end.
    pub fn both(self) -> Self {
        self.on(Edges::Both)
    }

    fn on(self, edges: Edges) -> Self {
        let mut throttle = self.into_inner();
        throttle.edges = edges;
        Self::new(throttle)
    }
}

/// At which ends of a window an item is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edges {
    Leading,
    Trailing,
    Both,
}

pin_project! {
    /// The observable of [`Flow::throttle`].
    #[must_use = "flows do nothing unless run"]
    pub struct Throttle<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O>,
        edges: Edges,
        window: Duration,
        open_until: Option<Instant>,
        pending: Option<O::Item>,
        timer: Timer,
        ledger: Ledger,
    }
}

impl<O: Observable> Observable for Throttle<O> {
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
        let this = self.project();
        let (open_until, pending, ledger) = (this.open_until, this.pending, this.ledger);
        let (leading, trailing) = (
            *this.edges != Edges::Trailing,
            *this.edges != Edges::Leading,
        );
        let now = Instant::now();
        let next_end = later(now, *this.window);
        // Without a budget nobody asks for an item, and nothing comes of the source either.
        let asked = cx.budget() > 0;
        let is_over = asked && open_until.is_some_and(|end| end < now);
        // The source hears of a stop before what is due goes out, as the consumer may break.
        let tells = is_over && pending.is_some() && this.stage.owes_stop(cx);
        // A window that ended earlier goes before what comes now; one that ends now goes after it.
        if is_over && !tells {
            *open_until = None;
            if let Some(item) = pending.take() {
                *open_until = Some(next_end);
                ledger.emit(1);
                if emit(item).is_break() {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
            }
        }
        let (mut received, mut emitted, mut superseded) = (0, 0, 0);
        let drained = cx.limited(if tells { 0 } else { u32::MAX }, |cx| {
            this.stage.drain(cx, |(), item| {
                received += 1;
                let opens = open_until.is_none();
                if opens {
                    *open_until = Some(next_end);
                }
                if opens && leading {
                    emitted += 1;
                    return emit(item);
                }
                let loses = !trailing || pending.replace(item).is_some();
                superseded += u64::from(loses);
                ControlFlow::Continue(())
            })
        });
        ledger.receive(received);
        ledger.emit(emitted);
        ledger.drop_items(DropReason::Superseded, superseded);
        match drained {
            Poll::Ready(Err(_)) => {
                let left = u64::from(pending.take().is_some());
                ledger.drop_items(DropReason::Failed, left);
            }
            Poll::Pending | Poll::Ready(Ok(Drained::Completed)) => {
                if let Some(end) = *open_until
                    && let Some(item) = pending.take()
                {
                    this.timer.set(end);
                    let is_over = this.timer.poll(cx.task(), now);
                    if !(is_over && asked) {
                        *pending = Some(item);
                        return if is_over {
                            Poll::Ready(Ok(Drained::Exhausted))
                        } else {
                            Poll::Pending
                        };
                    }
                    *open_until = Some(next_end);
                    ledger.emit(1);
                    if emit(item).is_break() {
                        return Poll::Ready(Ok(Drained::Stopped));
                    }
                }
            }
            Poll::Ready(Ok(Drained::Stopped | Drained::Exhausted)) => {}
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        let holds = match self.edges {
            Edges::Leading => Holds::Nothing,
            Edges::Trailing | Edges::Both => Holds::Items(1),
        };
        plan.stage(self.stage.id())
            .holds(holds)
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O> Clone for Throttle<O>
where
    O: Observable<Item: Clone> + Clone,
{
    fn clone(&self) -> Self {
        Self {
            stage: self.stage.clone(),
            edges: self.edges,
            window: self.window,
            open_until: self.open_until,
            pending: self.pending.clone(),
            timer: self.timer.clone(),
            ledger: self.ledger.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Throttle<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("stage", &self.stage)
            .field("edges", &self.edges)
            .field("window", &self.window)
            .field("pending", &self.pending.is_some())
            .finish_non_exhaustive()
    }
}
