//! `observe_into`: lets the items pass and writes clones of them into a sink.

use std::{
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan, Sink};

use crate::{Flow, Stage, ledger::Ledger, terminal::RunError};

/// Clones that wait for the sink at most.
const BATCH: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Lets the items pass and writes a clone of each into a sink, by the batch.
    ///
    /// ```text
    /// in   --1--(23)------4--|
    ///        observe_into(sink)
    ///      write[1], flush, write[2, 3], flush, write[4], flush, close
    /// out  --1--(23)------4--|
    /// ```
    ///
    /// What was handed on is written at once. When the source has nothing, the sink is flushed; at the end, also after an
    /// error of the stream, it is flushed and closed, and then the flow ends. The source is dropped before that.
    ///
    /// # Backpressure
    ///
    /// While the sink writes, nothing is pulled. Holds at most 1,024 clones.
    ///
    /// # Cancel safety
    ///
    /// No item that passes is lost. Dropping the flow while the sink writes drops the clones that were not written, and counts
    /// the whole batch, at most 1,024, as cancelled; the sink is left unclosed.
    ///
    /// # Errors
    ///
    /// [`RunError::Flow`] with the error of the stream, [`RunError::Sink`] with that of the sink.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use thalweg::prelude::*;
    ///
    /// struct Log;
    ///
    /// impl Sink<u32> for Log {
    ///     type Error = Infallible;
    ///
    ///     async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), Infallible> {
    ///         batch.drain(..).for_each(|n| println!("{n}"));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let logged = (1..=3).flow().observe_into(Log);
    /// assert_eq!(logged.collect::<Vec<_>>().await.unwrap(), [1, 2, 3]);
    /// # }
    /// ```
    #[doc(alias = "also_to")]
    #[doc(alias = "wire_tap")]
    #[doc(alias = "tap")]
    #[doc(alias = "tee")]
    #[track_caller]
    pub fn observe_into<S>(self, sink: S) -> Flow<ObserveInto<O, S>>
    where
        O: Observable<Item: Clone + Send + 'static>,
        S: Sink<O::Item> + Send + 'static,
    {
        Flow::new(ObserveInto {
            stage: Stage::new("observe_into", self.into_inner(), ()),
            writer: Writer::Idle(sink),
            batch: Vec::new(),
            end: None,
            failed: None,
            is_flushed: true,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::observe_into`]. It cannot be cloned.
    #[must_use = "flows do nothing unless run"]
    pub struct ObserveInto<O, S>
    where
        O: Observable,
        S: Sink<O::Item>,
    {
        #[pin]
        stage: Stage<O>,
        writer: Writer<S, O::Item, S::Error>,
        // Clones that the sink was not given yet.
        batch: Vec<O::Item>,
        // How the source ended, while the sink is being closed.
        end: Option<Result<(), O::Error>>,
        // How the sink failed, until that is told.
        failed: Option<S::Error>,
        is_flushed: bool,
        ledger: Ledger,
    }
}

enum Writer<S, T, X> {
    Idle(S),
    /// At work on so many clones. Boxed, because it borrows the sink that it owns.
    Busy(Pin<Box<dyn Future<Output = Done<S, T, X>> + Send>>, usize),
    Closed,
}

/// How a work of the sink went; without a sink if it is closed.
struct Done<S, T, X> {
    sink: Option<S>,
    batch: Vec<T>,
    result: Result<(), X>,
}

/// What a sink does after a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Flush,
    Close,
}

async fn work<T, S: Sink<T>>(mut sink: S, mut batch: Vec<T>, then: Then) -> Done<S, T, S::Error> {
    let result = async {
        while !batch.is_empty() {
            sink.write(&mut batch).await?;
        }
        if then != Then::GoOn {
            sink.flush().await?;
        }
        if then == Then::Close {
            sink.close().await?;
        }
        Ok(())
    }
    .await;
    Done {
        sink: (then != Then::Close).then_some(sink),
        batch,
        result,
    }
}

impl<S, T> Writer<S, T, S::Error>
where
    S: Sink<T> + Send + 'static,
    T: Send + 'static,
{
    /// Puts a sink that is idle to work on a batch.
    fn start(&mut self, batch: &mut Vec<T>, then: Then) {
        match std::mem::replace(self, Self::Closed) {
            Self::Idle(sink) => {
                let batch = std::mem::take(batch);
                let items = batch.len();
                *self = Self::Busy(Box::pin(work(sink, batch, then)), items);
            }
            other => *self = other,
        }
    }

    /// Ready once the sink is not at work; the error is its own, with the number of clones that are lost by it.
    fn poll(
        &mut self,
        task: &mut Context<'_>,
        batch: &mut Vec<T>,
        ledger: &mut Ledger,
    ) -> Poll<Result<(), S::Error>> {
        let Self::Busy(job, items) = self else {
            return Poll::Ready(Ok(()));
        };
        let done = ready!(job.as_mut().poll(task));
        let left = done.batch.len();
        ledger.emit((*items - left) as u64);
        let lost = done.result.is_err();
        *self = match done.sink {
            Some(sink) if !lost => Self::Idle(sink),
            _ => Self::Closed,
        };
        if lost {
            ledger.drop_items(DropReason::Failed, (left + batch.len()) as u64);
            batch.clear();
        } else if batch.is_empty() {
            // Its memory is used again.
            *batch = done.batch;
        }
        Poll::Ready(done.result)
    }
}

impl<O, S> Observable for ObserveInto<O, S>
where
    O: Observable<Item: Clone + Send + 'static>,
    S: Sink<O::Item> + Send + 'static,
{
    type Item = O::Item;
    type Error = RunError<O::Error, S::Error>;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let mut this = self.project();
        let (batch, writer) = (this.batch, this.writer);
        // How this poll comes to rest, once the sink has been put to work.
        let mut rest = None;
        loop {
            let written = writer.poll(cx.task(), batch, this.ledger);
            let busy = written.is_pending();
            if let Poll::Ready(Err(error)) = written {
                this.stage.as_mut().end();
                *this.end = None;
                *this.failed = Some(error);
            }
            if let Some(rest) = rest {
                // What was handed on in this poll is not to be lost on an error.
                return Poll::Ready(Ok(rest));
            }
            if let Some(error) = this.failed.take() {
                return Poll::Ready(Err(RunError::Sink(error)));
            }
            if !busy && this.end.is_some() {
                if !matches!(writer, Writer::Closed) {
                    writer.start(batch, Then::Close);
                    continue;
                }
                if let Some(end) = this.end.take() {
                    return Poll::Ready(end.map(|()| Drained::Completed).map_err(RunError::Flow));
                }
            }
            if busy && !this.stage.owes_stop(cx) {
                return Poll::Pending;
            }
            let mut broke = false;
            let before = batch.len();
            let quota = if busy { 0 } else { u32::MAX };
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |(), item| {
                    batch.push(item.clone());
                    broke = emit(item).is_break();
                    if broke || batch.len() == BATCH {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
            });
            this.ledger.receive((batch.len() - before) as u64);
            let then = match drained {
                Poll::Ready(Ok(Drained::Completed)) => {
                    *this.end = Some(Ok(()));
                    continue;
                }
                Poll::Ready(Err(error)) => {
                    *this.end = Some(Err(error));
                    continue;
                }
                Poll::Ready(Ok(drained)) => {
                    rest = (broke || drained == Drained::Exhausted).then_some(drained);
                    Then::GoOn
                }
                Poll::Pending if batch.is_empty() && *this.is_flushed => return Poll::Pending,
                Poll::Pending => Then::Flush,
            };
            if busy {
                rest = None;
            } else if then == Then::Flush || !batch.is_empty() {
                *this.is_flushed = then == Then::Flush;
                writer.start(batch, then);
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(BATCH))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O, S> fmt::Debug for ObserveInto<O, S>
where
    O: Observable + fmt::Debug,
    S: Sink<O::Item>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserveInto")
            .field("stage", &self.stage)
            .field("batch", &self.batch.len())
            .field("busy", &matches!(self.writer, Writer::Busy(..)))
            .finish_non_exhaustive()
    }
}
