//! `spawn_into`: runs the flow into a sink in a task of its own, with a handle on it.

use std::{fmt, future::poll_fn, pin::pin, task::Poll, time::Duration};

use thalweg_core::{Observable, Panicked, Plan, Sink, StageId};
use tokio::{
    task::{JoinError, JoinHandle},
    time::timeout,
};

use super::run_into::{Run, RunError};
use crate::{
    Flow,
    stop::{Phase, Stop},
};

/// Time for the sink to flush and close when the deadline of a stop has passed.
const CLOSING: Duration = Duration::from_secs(1);

impl<O: Observable> Flow<O> {
    /// Runs the flow into a sink in a task of its own and gives a handle to stop, abort, join and look at it.
    ///
    /// ```text
    /// in   --1--2--3--4--5--…
    ///        spawn_into(sink)    stop
    ///      write[1], write[2], …  |  flush, close
    /// ```
    ///
    /// Starts at once. Writes, flushes and closes as [`run_into`](Flow::run_into) does.
    ///
    /// # Backpressure
    ///
    /// While the sink writes, nothing is pulled. Holds one batch of at most 1,024 items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle lets the run go on. [`RunHandle::abort`] loses what is in flight;
    /// [`RunHandle::stop`] loses nothing before its deadline.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// #[derive(Default)]
    /// struct Sum(u64);
    ///
    /// impl Sink<u64> for Sum {
    ///     type Error = Infallible;
    ///
    ///     async fn write(&mut self, batch: &mut Vec<u64>) -> Result<(), Infallible> {
    ///         self.0 += batch.drain(..).sum::<u64>();
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let run = (0_u64..).flow().spawn_into(Sum::default());
    /// println!("{}", run.snapshot());
    /// let plan = run.stop(Duration::from_secs(5)).await.unwrap();
    /// assert_eq!(plan.stages()[0].counts().unwrap().in_flight(), 0);
    /// # }
    /// ```
    #[doc(alias = "launch_in")]
    #[doc(alias = "run_with")]
    #[track_caller]
    pub fn spawn_into<S>(self, sink: S) -> RunHandle<O::Error, S::Error>
    where
        O: Observable<Item: Send, Error: Send + 'static> + Send + 'static,
        S: Sink<O::Item, Error: 'static> + Send + 'static,
    {
        let run = Run::new("spawn_into", self);
        RunHandle {
            id: run.id,
            plan: run.plan(),
            stop: run.stop.clone(),
            task: tokio::spawn(run.into(sink)),
            told: false,
        }
    }
}

/// A handle on a run; see [`Flow::spawn_into`]. Dropping it lets the run go on.
#[must_use = "a handle that is dropped cannot stop its run"]
pub struct RunHandle<E, S> {
    id: StageId,
    plan: Plan,
    stop: Stop,
    task: JoinHandle<Result<(), RunError<E, S>>>,
    /// The task was joined.
    told: bool,
}

impl<E, S> RunHandle<E, S> {
    /// Stops in two phases: the sources complete, then what is in flight drains, and the sink flushes and closes.
    ///
    /// Gives the plan with its final numbers.
    ///
    /// # Errors
    ///
    /// [`RunError::Deadline`] with what was left in each stage if that takes longer than `deadline`. What is in flight is
    /// dropped then and counted as cancelled; the sink has another second to flush and close what it was given, before it
    /// is dropped too. Else why the run failed.
    pub async fn stop(mut self, deadline: Duration) -> Result<Plan, RunError<E, S>> {
        self.request_stop();
        if let Ok(joined) = timeout(deadline, self.join()).await {
            return joined;
        }
        let left = self.snapshot();
        self.stop.request(Phase::Cut);
        match timeout(CLOSING, self.join()).await {
            Ok(Err(RunError::Sink(error))) => return Err(RunError::Sink(error)),
            Ok(_) => {}
            Err(_) => self.task.abort(),
        }
        Err(RunError::Deadline(self.id, left))
    }

    /// Waits for the end of the run, or for `signal`: then it stops the run as [`stop`](Self::stop) does.
    ///
    /// # Errors
    ///
    /// Those of [`join`](Self::join) and [`stop`](Self::stop).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sinks, sources};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let run = sources::interval(Duration::from_secs(1)).map(|_| "beat").spawn_into(sinks::stdout());
    /// let closing_time = tokio::time::sleep(Duration::from_secs(3));
    /// run.stop_when(closing_time, Duration::from_secs(5)).await.unwrap();
    /// # }
    /// ```
    pub async fn stop_when(
        mut self,
        signal: impl Future,
        deadline: Duration,
    ) -> Result<Plan, RunError<E, S>> {
        match first(self.join(), signal).await {
            Some(result) => result,
            None => self.stop(deadline).await,
        }
    }

    /// Stops the run, as [`stop`](Self::stop) does, when somebody presses Ctrl-C or asks the process to terminate.
    ///
    /// Listens from this call on. A second signal aborts the run.
    ///
    /// # Errors
    ///
    /// If the system refuses to tell of signals; the future's are those of [`join`](Self::join) and [`stop`](Self::stop).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sinks, sources};
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let run = sources::interval(Duration::from_secs(1)).map(|_| "beat").spawn_into(sinks::stdout());
    /// run.stop_on_signal(Duration::from_secs(10))?.await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "signal")]
    pub fn stop_on_signal(
        mut self,
        deadline: Duration,
    ) -> std::io::Result<impl Future<Output = Result<Plan, RunError<E, S>>>> {
        let mut interrupts = crate::interrupts::Interrupts::listen()?;
        Ok(async move {
            if let Some(result) = first(self.join(), interrupts.recv()).await {
                return result;
            }
            let (id, task) = (self.id, self.task.abort_handle());
            if let Some(result) = first(self.stop(deadline), interrupts.recv()).await {
                return result;
            }
            task.abort();
            Err(RunError::Aborted(id))
        })
    }

    /// Asks the run to come to a graceful end, and does not wait for it.
    pub fn request_stop(&self) {
        self.stop.request(Phase::Stopping);
    }

    /// Ends the run at once; what is in flight is dropped.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Waits for the end of the run; gives the plan with its final numbers.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future lets the run go on; use `&mut` to be able to wait again.
    ///
    /// # Errors
    ///
    /// Why the run failed; [`RunError::Told`] if the end was told before.
    pub async fn join(&mut self) -> Result<Plan, RunError<E, S>> {
        if self.told {
            return Err(RunError::Told(self.id));
        }
        let joined = (&mut self.task).await;
        self.told = true;
        self.end(joined)
    }

    /// Gives the plan with its numbers as they are now.
    pub fn snapshot(&self) -> Plan {
        let mut plan = self.plan.clone();
        plan.refresh();
        plan
    }

    /// Tells whether the run has ended.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    fn end(
        &self,
        joined: Result<Result<(), RunError<E, S>>, JoinError>,
    ) -> Result<Plan, RunError<E, S>> {
        match joined {
            Ok(result) => result.map(|()| self.snapshot()),
            Err(error) => Err(match error.try_into_panic() {
                Ok(payload) => RunError::Panicked(Panicked::new(self.id, &*payload)),
                Err(_) => RunError::Aborted(self.id),
            }),
        }
    }
}

/// Waits for a result, or for something else to happen.
async fn first<T>(result: impl Future<Output = T>, other: impl Future) -> Option<T> {
    let (mut result, mut other) = (pin!(result), pin!(other));
    poll_fn(|task| match result.as_mut().poll(task) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => other.as_mut().poll(task).map(|_| None),
    })
    .await
}

impl<E, S> fmt::Debug for RunHandle<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHandle")
            .field("id", &self.id)
            .field("finished", &self.task.is_finished())
            .finish_non_exhaustive()
    }
}
