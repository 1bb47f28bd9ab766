//! Futures of the user, each in a task of its own, and blocking calls, each on a thread.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use thalweg_core::{Panicked, StageId};
use tokio::task::JoinSet;

/// The running futures or calls of a stage, each with a tag to know its result by.
///
/// They progress while the consumer is busy; dropping the set aborts them. A panic in one is its result, so the others
/// go on.
pub(crate) struct Jobs<K, T> {
    id: StageId,
    set: JoinSet<(K, Result<T, Panicked>)>,
}

impl<K: Send + 'static, T: Send + 'static> Jobs<K, T> {
    pub(crate) fn new(id: StageId) -> Self {
        Self {
            id,
            set: JoinSet::new(),
        }
    }

    pub(crate) fn spawn(&mut self, tag: K, job: impl Future<Output = T> + Send + 'static) {
        let id = self.id;
        let tag = Some(tag);
        self.set.spawn(Job { id, tag, work: job });
    }

    /// Runs a call on a thread for those that block. Once it has begun it cannot be aborted.
    pub(crate) fn spawn_blocking(&mut self, tag: K, job: impl FnOnce() -> T + Send + 'static) {
        let id = self.id;
        self.set.spawn_blocking(move || {
            let result = catch_unwind(AssertUnwindSafe(job));
            (tag, result.map_err(|payload| Panicked::new(id, &*payload)))
        });
    }

    /// Gives the next job that is done; `None` if none runs.
    pub(crate) fn poll_next(
        &mut self,
        task: &mut Context<'_>,
    ) -> Poll<Option<(K, Result<T, Panicked>)>> {
        self.set.poll_join_next(task).map(|joined| {
            joined.map(|result| match result {
                Ok(done) => done,
                // Panics are caught within and nobody else holds an abort handle.
                Err(error) => panic!("{}: the runtime of its tasks shut down: {error}", self.id),
            })
        })
    }
}

impl<K, T> Jobs<K, T> {
    /// Counts the jobs that have not been handed out as done.
    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }
}

impl<K: Send + 'static, T: Send + 'static> Clone for Jobs<K, T> {
    /// A clone has no jobs.
    ///
    /// # Panics
    ///
    /// Panics if there are any: what runs in other tasks cannot be cloned.
    #[track_caller]
    fn clone(&self) -> Self {
        assert!(
            self.set.is_empty(),
            "{} runs: clone a flow before it is polled",
            self.id
        );
        Self::new(self.id)
    }
}

impl<K, T> fmt::Debug for Jobs<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs")
            .field("running", &self.set.len())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// A job whose panic is its result. Written by hand: an `async` block would hold the future it is given twice.
    struct Job<K, W> {
        id: StageId,
        tag: Option<K>,
        #[pin]
        work: W,
    }
}

impl<K, W: Future> Future for Job<K, W> {
    type Output = (K, Result<W::Output, Panicked>);

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = catch_unwind(AssertUnwindSafe(|| this.work.poll(task)));
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(Panicked::new(*this.id, &*payload)),
        };
        let tag = this.tag.take().expect("a job is not polled after its end");
        Poll::Ready((tag, result))
    }
}
