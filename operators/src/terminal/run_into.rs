//! `run_into`: runs the flow into a sink.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::poll_fn,
    ops::ControlFlow,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use thalweg_core::{
    Cx, Drained, DropReason, Holds, Meter, Observable, Panicked, Plan, Sink, StageId,
};

use crate::{
    Flow,
    ledger::Ledger,
    stop::{Phase, Stop},
};

/// Items that are gathered for one write at most.
const BATCH: usize = 1024;

impl<O: Observable> Flow<O> {
    /// Runs the flow into a sink, by the batch.
    ///
    /// ```text
    /// in   --1--(23)------4--|
    ///        run_into(sink)
    ///      write[1], write[2, 3], flush, write[4], flush, close
    /// ```
    ///
    /// What is ready goes into one write. When nothing is ready the sink is flushed; at the end, also after an error of
    /// the stream, it is flushed and closed, or [abandoned](Sink::abandon) after the latter. To have a handle on the run see
    /// [`spawn_into`](Flow::spawn_into).
    ///
    /// # Backpressure
    ///
    /// While the sink writes, nothing is pulled. Holds one batch of at most 1,024 items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the batch that is being written, at most 1,024 items, which are counted as cancelled, and leaves the
    /// sink unclosed.
    ///
    /// # Errors
    ///
    /// [`RunError::Flow`] with the error of the stream, [`RunError::Sink`] with that of the sink.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// struct Print;
    ///
    /// impl Sink<u32> for Print {
    ///     type Error = std::io::Error;
    ///
    ///     async fn write(&mut self, batch: &mut Vec<u32>) -> std::io::Result<()> {
    ///         for n in batch.drain(..) {
    ///             println!("{n}");
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// (1..=3).flow().run_into(Print).await.unwrap();
    /// # }
    /// ```
    #[doc(alias = "forward")]
    #[doc(alias = "run_with")]
    #[doc(alias = "to")]
    #[track_caller]
    pub fn run_into<S>(
        self,
        sink: S,
    ) -> impl Future<Output = Result<(), RunError<O::Error, S::Error>>>
    where
        S: Sink<O::Item>,
    {
        Run::new("run_into", self).into(sink)
    }
}

/// Why a run did not come to a good end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RunError<E, S> {
    /// The stream failed. What came before was written and flushed, and the sink closed or [abandoned](Sink::abandon).
    Flow(E),
    /// The sink failed.
    Sink(S),
    /// The task of the run panicked.
    Panicked(Panicked),
    /// The run was aborted.
    Aborted(StageId),
    /// The run had not drained by the deadline of its stop, and was cut short; the plan tells what was left, by stage.
    Deadline(StageId, Plan),
    /// The end of the run was told before.
    Told(StageId),
}

impl<E: fmt::Display, S: fmt::Display> fmt::Display for RunError<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(error) => error.fmt(f),
            Self::Sink(error) => error.fmt(f),
            Self::Panicked(panicked) => panicked.fmt(f),
            Self::Aborted(stage) => write!(f, "{stage} was aborted"),
            Self::Deadline(stage, plan) => {
                let left: u64 = plan
                    .stages()
                    .iter()
                    .filter_map(|stage| Some(stage.counts()?.in_flight()))
                    .sum();
                write!(
                    f,
                    "{stage} had not drained by its deadline and was cut short, {left} items in flight"
                )
            }
            Self::Told(stage) => write!(f, "the end of {stage} was told before"),
        }
    }
}

impl<E: Error + 'static, S: Error + 'static> Error for RunError<E, S> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // `Display` says what the cause says, so the chain goes on below it.
        match self {
            Self::Flow(error) => error.source(),
            Self::Sink(error) => error.source(),
            _ => None,
        }
    }
}

impl<E, S> RunError<E, S> {
    /// Makes an error of it for those who only tell it: a `Box<dyn Error>`, say, which takes the place of boxed errors of
    /// the flow or the sink that are no `Error` themselves.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::error::Error;
    /// use thalweg::{operators::terminal::RunError, prelude::*, sinks::null};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// type AnyError = Box<dyn Error + Send + Sync>;
    ///
    /// async fn run() -> Result<(), AnyError> {
    ///     let numbers = ["1", "x"].flow().map(|text| text.parse::<u8>().map_err(AnyError::from)).raise();
    ///     numbers.run_into(null()).await.map_err(RunError::into_error)
    /// }
    /// assert_eq!(run().await.unwrap_err().to_string(), "invalid digit found in string");
    /// # }
    /// ```
    pub fn into_error<B>(self) -> B
    where
        E: Into<B>,
        S: Into<B>,
        RunError<Infallible, Infallible>: Into<B>,
    {
        let ours = match self {
            Self::Flow(error) => return error.into(),
            Self::Sink(error) => return error.into(),
            Self::Panicked(panicked) => RunError::Panicked(panicked),
            Self::Aborted(stage) => RunError::Aborted(stage),
            Self::Deadline(stage, plan) => RunError::Deadline(stage, plan),
            Self::Told(stage) => RunError::Told(stage),
        };
        ours.into()
    }
}

/// A flow on its way into a sink.
pub(super) struct Run<O> {
    flow: Flow<O>,
    pub(super) id: StageId,
    pub(super) meter: Meter,
    pub(super) stop: Stop,
}

/// Why the filling of a batch came to rest.
enum Filled<E> {
    /// There is something to write.
    Batch,
    /// Nothing is ready, and what was written is not flushed.
    Idle,
    End(Result<(), E>),
}

impl<O: Observable> Run<O> {
    #[track_caller]
    pub(super) fn new(name: &'static str, flow: Flow<O>) -> Self {
        Self {
            flow,
            id: StageId::here(name),
            meter: Meter::new(),
            stop: Stop::default(),
        }
    }

    pub(super) fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        plan.stage(self.id)
            .holds(Holds::Items(BATCH))
            .meter(&self.meter)
            .input(&self.flow);
        plan
    }

    pub(super) async fn into<S>(self, mut sink: S) -> Result<(), RunError<O::Error, S::Error>>
    where
        S: Sink<O::Item>,
    {
        let Self {
            flow, meter, stop, ..
        } = self;
        let mut ledger = Ledger::on(meter);
        let mut flow = pin!(Some(flow));
        let mut batch = Vec::new();
        let mut flushed = true;
        let end = loop {
            let filled =
                poll_fn(|task| fill(flow.as_mut(), &stop, task, &mut batch, flushed)).await;
            ledger.receive(batch.len() as u64);
            let written = write_batch(&mut sink, &mut batch, &mut ledger).await;
            if let Err(error) = written {
                ledger.drop_items(DropReason::Failed, batch.len() as u64);
                return Err(RunError::Sink(error));
            }
            match filled {
                Filled::Batch => flushed = false,
                Filled::Idle => {
                    sink.flush().await.map_err(RunError::Sink)?;
                    flushed = true;
                }
                Filled::End(end) => break end,
            }
        };
        flow.set(None);
        sink.flush().await.map_err(RunError::Sink)?;
        let closed = match end {
            Ok(()) => sink.close().await,
            Err(_) => sink.abandon().await,
        };
        closed.map_err(RunError::Sink)?;
        end.map_err(RunError::Flow)
    }
}

/// Gathers what is ready, up to a batch.
fn fill<O: Observable>(
    flow: Pin<&mut Option<Flow<O>>>,
    stop: &Stop,
    task: &mut Context<'_>,
    batch: &mut Vec<O::Item>,
    flushed: bool,
) -> Poll<Filled<O::Error>> {
    let Some(flow) = flow.as_pin_mut() else {
        return Poll::Ready(Filled::End(Ok(())));
    };
    let phase = stop.watch(task.waker());
    if phase == Phase::Cut {
        return Poll::Ready(Filled::End(Ok(())));
    }
    let mut cx = Cx::new(task).with_stop(phase == Phase::Stopping);
    let drained = flow.poll_drain(&mut cx, |item| {
        batch.push(item);
        if batch.len() < BATCH {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    match drained {
        Poll::Ready(Ok(Drained::Completed)) => Poll::Ready(Filled::End(Ok(()))),
        Poll::Ready(Err(error)) => Poll::Ready(Filled::End(Err(error))),
        _ if !batch.is_empty() => Poll::Ready(Filled::Batch),
        Poll::Ready(Ok(_)) => {
            task.waker().wake_by_ref();
            Poll::Pending
        }
        Poll::Pending if flushed => Poll::Pending,
        Poll::Pending => Poll::Ready(Filled::Idle),
    }
}

/// Writes until the batch is empty.
pub(crate) async fn write_batch<T, S: Sink<T>>(
    sink: &mut S,
    batch: &mut Vec<T>,
    ledger: &mut Ledger,
) -> Result<(), S::Error> {
    while !batch.is_empty() {
        let before = batch.len();
        let written = sink.write(batch).await;
        ledger.emit((before - batch.len()) as u64);
        written?;
        // A sink that is always ready is no reason to hold the thread.
        tokio::task::consume_budget().await;
    }
    Ok(())
}
