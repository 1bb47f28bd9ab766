//! `spawn_into`: runs the flow into a sink in a task of its own, with a handle on it.

use std::{fmt, time::Duration};

use thalweg_core::{Observable, Panicked, Plan, Sink, StageId};
use tokio::{
    task::{JoinError, JoinHandle},
    time::timeout,
};

use super::run_into::{Run, RunError};
use crate::{Flow, stop::Stop};

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
}

impl<E, S> RunHandle<E, S> {
    /// Stops in two phases: the sources complete, then what is in flight drains, and the sink flushes and closes.
    ///
    /// Gives the plan with its final numbers.
    ///
    /// # Errors
    ///
    /// [`RunError::Deadline`] with what was left in each stage if that takes longer than `deadline`; the run is aborted
    /// then. Else why the run failed.
    ///
    /// # Panics
    ///
    /// Panics if [`join`](Self::join) has told the end before.
    pub async fn stop(mut self, deadline: Duration) -> Result<Plan, RunError<E, S>> {
        self.request_stop();
        if let Ok(joined) = timeout(deadline, &mut self.task).await {
            return self.end(joined);
        }
        let left = self.snapshot();
        self.task.abort();
        Err(RunError::Deadline(self.id, left))
    }

    /// Asks the run to come to a graceful end, and does not wait for it.
    pub fn request_stop(&self) {
        self.stop.request();
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
    /// Why the run failed.
    ///
    /// # Panics
    ///
    /// Panics if it has told the end before: an error is told once.
    pub async fn join(&mut self) -> Result<Plan, RunError<E, S>> {
        let joined = (&mut self.task).await;
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

impl<E, S> fmt::Debug for RunHandle<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHandle")
            .field("id", &self.id)
            .field("finished", &self.task.is_finished())
            .finish_non_exhaustive()
    }
}
