//! `dead_letter`: lets items that are `Ok` pass and writes their errors into a sink.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Meter, Observable, Plan, Sink};

use crate::{
    Flow, Stage,
    ledger::Ledger,
    terminal::{RunError, write_batch},
};

/// Errors that are gathered for one write at most.
const BATCH: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Lets the items that are `Ok` pass, unwrapped; their errors are written into `sink`.
    ///
    /// ```text
    /// in   --Ok(1)--Err(e)--Ok(2)--|
    ///        dead_letter(sink)
    /// out  --1--------------2------|    and write[e], flush, …, flush, close
    /// ```
    ///
    /// The errors of one poll go into one write, which is flushed at once. When the source has ended the sink is flushed
    /// and closed, or [abandoned](Sink::abandon) after an error of the stream, and only then is the end handed on. To drop
    /// the errors see [`ok_items`](Flow::ok_items), to end the flow at the first [`raise`](Flow::raise).
    ///
    /// # Backpressure
    ///
    /// While the sink writes, nothing is pulled: a slow sink holds back the source. Holds one batch of at most 1,024
    /// errors, and no items. Errors that are written count as handed on.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow loses the batch that is gathered or being written, which is counted as cancelled, and leaves the
    /// sink unclosed.
    ///
    /// # Errors
    ///
    /// [`RunError::Flow`] with the error of the stream, [`RunError::Sink`] with that of the sink, at once; what was to be
    /// written is dropped and counted as failed. The errors of items never end the flow.
    ///
    /// # Panics
    ///
    /// A clone of a flow whose sink is writing panics: clone it before it is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::num::ParseIntError;
    /// use thalweg::prelude::*;
    ///
    /// /// Counts what could not be read.
    /// struct Unread(tokio::sync::watch::Sender<usize>);
    ///
    /// impl Sink<ParseIntError> for Unread {
    ///     type Error = Infallible;
    ///
    ///     async fn write(&mut self, batch: &mut Vec<ParseIntError>) -> Result<(), Infallible> {
    ///         self.0.send_modify(|unread| *unread += batch.drain(..).len());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (sender, unread) = tokio::sync::watch::channel(0);
    /// let numbers = ["1", "x", "2"].flow().map(str::parse::<u32>).dead_letter(Unread(sender));
    /// assert_eq!(numbers.collect::<Vec<_>>().await.unwrap(), [1, 2]);
    /// assert_eq!(*unread.borrow(), 1);
    /// # }
    /// ```
    #[doc(alias = "divert_to")]
    #[doc(alias = "on_error_continue")]
    #[track_caller]
    pub fn dead_letter<T, X, S>(self, sink: S) -> Flow<DeadLetter<O, X, S>>
    where
        O: Observable<Item = Result<T, X>>,
        X: Send + 'static,
        S: Sink<X> + Send + 'static,
    {
        let meter = Meter::new();
        Flow::new(DeadLetter {
            stage: Stage::new("dead_letter", self.into_inner(), ()),
            office: Office::Idle(Letters::new(sink, meter.clone())),
            error: None,
            meter,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::dead_letter`].
    #[must_use = "flows do nothing unless run"]
    pub struct DeadLetter<O, X, S>
    where
        O: Observable,
        S: Sink<X>,
    {
        #[pin]
        stage: Stage<O>,
        office: Office<X, S>,
        // The error of the stream, while the sink is not closed.
        error: Option<O::Error>,
        meter: Meter,
    }
}

/// The sink and what is to be written, or the work that has both.
enum Office<X, S: Sink<X>> {
    Idle(Letters<X, S>),
    Busy(Work<X, S>),
    Closed,
}

/// Ready with what it was given, or with nothing once the sink is closed.
type Work<X, S> =
    Pin<Box<dyn Future<Output = Result<Option<Letters<X, S>>, <S as Sink<X>>::Error>> + Send>>;

struct Letters<X, S> {
    sink: S,
    batch: Vec<X>,
    ledger: Ledger,
}

impl<X, S: Sink<X>> Letters<X, S> {
    fn new(sink: S, meter: Meter) -> Self {
        Self {
            sink,
            batch: Vec::new(),
            ledger: Ledger::on(meter),
        }
    }

    /// Writes and flushes what there is; at the end of the stream it ends the sink as well.
    async fn deliver(mut self, end: Option<End>) -> Result<Option<Self>, S::Error> {
        let written = write_batch(&mut self.sink, &mut self.batch, &mut self.ledger).await;
        let left = self.batch.len() as u64;
        self.ledger.drop_items(DropReason::Failed, left);
        written?;
        self.sink.flush().await?;
        match end {
            None => return Ok(Some(self)),
            Some(End::Completed) => self.sink.close().await?,
            Some(End::Failed) => self.sink.abandon().await?,
        }
        Ok(None)
    }
}

/// How the stream has ended.
#[derive(Clone, Copy)]
enum End {
    Completed,
    Failed,
}

impl<O, T, X, S> Observable for DeadLetter<O, X, S>
where
    O: Observable<Item = Result<T, X>>,
    X: Send + 'static,
    S: Sink<X> + Send + 'static,
{
    type Item = T;
    type Error = RunError<O::Error, S::Error>;

    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, Self::Error>>
    where
        E: FnMut(T) -> ControlFlow<()>,
    {
        let mut this = self.project();
        loop {
            let end = this.stage.is_ended().then_some(match this.error {
                None => End::Completed,
                Some(_) => End::Failed,
            });
            this.office.start(end);
            match this.office.poll(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    this.stage.end();
                    *this.error = None;
                    return Poll::Ready(Err(RunError::Sink(error)));
                }
                Poll::Pending if this.stage.owes_stop(cx) => {}
                Poll::Pending => return Poll::Pending,
            }
            if let Office::Closed = this.office {
                return Poll::Ready(match this.error.take() {
                    Some(error) => Err(RunError::Flow(error)),
                    None => Ok(Drained::Completed),
                });
            }
            let busy = matches!(this.office, Office::Busy(_));
            let quota = if busy { 0 } else { u32::MAX };
            let (mut passed, mut batch) = (0, this.office.take_batch());
            let mut handed_on = false;
            let drained = cx.limited(quota, |cx| {
                this.stage.as_mut().drain(cx, |(), item| match item {
                    Ok(item) => {
                        passed += 1;
                        handed_on = true;
                        emit(item)
                    }
                    Err(error) => {
                        handed_on = false;
                        batch.push(error);
                        if batch.len() < BATCH {
                            ControlFlow::Continue(())
                        } else {
                            ControlFlow::Break(())
                        }
                    }
                })
            });
            this.meter.receive(passed);
            this.meter.emit(passed);
            let gathered = !batch.is_empty();
            this.office.put_batch(batch);
            match drained {
                Poll::Ready(Err(error)) => *this.error = Some(error),
                // The consumer broke, so it has what it wants for now.
                Poll::Ready(Ok(Drained::Stopped)) if handed_on => {
                    return Poll::Ready(Ok(Drained::Stopped));
                }
                _ if busy => return Poll::Pending,
                Poll::Ready(Ok(drained)) if !gathered && !this.stage.is_ended() => {
                    return Poll::Ready(Ok(drained));
                }
                Poll::Pending if !gathered => return Poll::Pending,
                _ => {}
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(BATCH))
            .meter(&self.meter)
            .inputs(self.stage.input());
    }
}

impl<X, S> Office<X, S>
where
    X: Send + 'static,
    S: Sink<X> + Send + 'static,
{
    /// Begins to write, if there is something, or to end the sink.
    fn start(&mut self, end: Option<End>) {
        let due = matches!(self, Self::Idle(letters) if end.is_some() || !letters.batch.is_empty());
        if due && let Self::Idle(letters) = std::mem::replace(self, Self::Closed) {
            *self = Self::Busy(Box::pin(letters.deliver(end)));
        }
    }

    /// Ready when nothing is being written.
    fn poll(&mut self, cx: &mut Cx<'_, '_>) -> Poll<Result<(), S::Error>> {
        let Self::Busy(work) = self else {
            return Poll::Ready(Ok(()));
        };
        work.as_mut().poll(cx.task()).map(|done| {
            let done = done.map(|letters| letters.map_or(Self::Closed, Self::Idle));
            let (office, result) = match done {
                Ok(office) => (office, Ok(())),
                Err(error) => (Self::Closed, Err(error)),
            };
            *self = office;
            result
        })
    }

    fn take_batch(&mut self) -> Vec<X> {
        match self {
            Self::Idle(letters) => std::mem::take(&mut letters.batch),
            _ => Vec::new(),
        }
    }

    fn put_batch(&mut self, batch: Vec<X>) {
        if let Self::Idle(letters) = self {
            letters.ledger.receive(batch.len() as u64);
            letters.batch = batch;
        }
    }
}

impl<O, X, S> Clone for DeadLetter<O, X, S>
where
    O: Observable<Error: Clone> + Clone,
    S: Sink<X> + Clone,
{
    /// A clone has a clone of the sink and nothing to write.
    ///
    /// # Panics
    ///
    /// Panics while the sink writes: what is under way cannot be cloned.
    #[track_caller]
    fn clone(&self) -> Self {
        let office = match &self.office {
            Office::Idle(letters) => {
                Office::Idle(Letters::new(letters.sink.clone(), self.meter.clone()))
            }
            Office::Closed => Office::Closed,
            Office::Busy(_) => panic!("{} runs: clone a flow before it is polled", self.stage.id()),
        };
        Self {
            stage: self.stage.clone(),
            office,
            error: self.error.clone(),
            meter: self.meter.clone(),
        }
    }
}

impl<O, X, S> fmt::Debug for DeadLetter<O, X, S>
where
    O: Observable + fmt::Debug,
    S: Sink<X>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("stage", &self.stage)
            .field("writes", &matches!(self.office, Office::Busy(_)))
            .field("meter", &self.meter)
            .finish_non_exhaustive()
    }
}
