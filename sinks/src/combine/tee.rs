//! `tee`: every item into two sinks.

use std::{
    error::Error,
    fmt,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use thalweg_core::{Sink, StageId};

/// Writes every item into both sinks, at the same time; the slower holds back the flow.
///
/// The second gets a copy. A batch counts as taken when both have it.
///
/// # Backpressure
///
/// The slower of the two holds back the flow. Holds a copy of one batch while it is written.
///
/// # Durability
///
/// As that of both: an item that was taken is with both of them, and a crash loses it in each as that says.
///
/// # Errors
///
/// [`TeeError`] tells which of the two it was, and its name; see [`Tee::names`]. It is told once the other has come to the
/// end of its write, flush or close. What is offered again after an error is what at least one of them does not have: the
/// other can get it twice.
///
/// # Cancel safety
///
/// As that of both; items that one of them has taken by then can come to it twice.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::{lines, null, tee}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("numbers.txt");
/// let counted = null();
/// (1..=3).flow().run_into(tee(lines(&path), counted.clone())).await?;
/// assert_eq!(std::fs::read_to_string(&path)?, "1\n2\n3\n");
/// assert_eq!(counted.meter().counts().emitted, 3);
/// # Ok(()) }
/// ```
#[doc(alias = "both")]
#[doc(alias = "fanout")]
#[track_caller]
pub fn tee<A, B>(first: A, second: B) -> Tee<A, B> {
    Tee {
        first,
        second,
        names: ["first", "second"],
        stage: StageId::here("tee"),
    }
}

/// The sink of [`tee`].
#[derive(Clone, Debug)]
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct Tee<A, B> {
    first: A,
    second: B,
    names: [&'static str; 2],
    stage: StageId,
}

impl<A, B> Tee<A, B> {
    /// Gives the two names that errors call them by, in place of "first" and "second".
    pub fn names(mut self, first: &'static str, second: &'static str) -> Self {
        self.names = [first, second];
        self
    }

    fn result<X, Y>(&self, results: (Result<(), X>, Result<(), Y>)) -> Result<(), TeeError<X, Y>> {
        let failed = |name, cause| TeeError {
            stage: self.stage,
            name,
            cause,
        };
        let [first, second] = self.names;
        match results {
            (Ok(()), Ok(())) => Ok(()),
            (Err(error), Ok(())) => Err(failed(first, TeeCause::First(error))),
            (Ok(()), Err(error)) => Err(failed(second, TeeCause::Second(error))),
            (Err(one), Err(other)) => Err(failed(first, TeeCause::Both(one, other))),
        }
    }
}

impl<T, A, B> Sink<T> for Tee<A, B>
where
    T: Clone + Send,
    A: Sink<T> + Send,
    B: Sink<T> + Send,
{
    type Error = TeeError<A::Error, B::Error>;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Self::Error> {
        let mut pair = Pair {
            copy: batch.clone(),
            batch,
        };
        let results = join(
            write_all(&mut self.first, pair.batch),
            write_all(&mut self.second, &mut pair.copy),
        )
        .await;
        drop(pair);
        self.result(results)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        let results = join(self.first.flush(), self.second.flush()).await;
        self.result(results)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        let results = join(self.first.close(), self.second.close()).await;
        self.result(results)
    }

    async fn abandon(&mut self) -> Result<(), Self::Error> {
        let results = join(self.first.abandon(), self.second.abandon()).await;
        self.result(results)
    }
}

/// What each of the two has not taken; the longer of them is the batch again at the end, also of a cancelled write.
struct Pair<'a, T> {
    batch: &'a mut Vec<T>,
    copy: Vec<T>,
}

impl<T> Drop for Pair<'_, T> {
    fn drop(&mut self) {
        if self.copy.len() > self.batch.len() {
            std::mem::swap(self.batch, &mut self.copy);
        }
    }
}

async fn write_all<T, S: Sink<T>>(sink: &mut S, batch: &mut Vec<T>) -> Result<(), S::Error> {
    while !batch.is_empty() {
        sink.write(batch).await?;
    }
    Ok(())
}

/// Runs both to their ends.
async fn join<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    poll_fn(|task: &mut Context<'_>| {
        if one.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(task)
        {
            one = Some(output);
        }
        if other.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(task)
        {
            other = Some(output);
        }
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            waiting => {
                (one, other) = waiting;
                Poll::Pending
            }
        }
    })
    .await
}

/// The failure of one of the sinks of a [`tee`], or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeeError<A, B> {
    stage: StageId,
    name: &'static str,
    cause: TeeCause<A, B>,
}

/// Which sink of a [`tee`] failed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeeCause<A, B> {
    /// The first.
    First(A),
    /// The second.
    Second(B),
    /// Both, at the same batch.
    Both(A, B),
}

impl<A, B> TeeError<A, B> {
    /// Gives the stage.
    pub fn stage(&self) -> StageId {
        self.stage
    }

    /// Gives the name of the sink that failed; of the first if both did.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Tells which sink failed, and why.
    pub fn cause(&self) -> &TeeCause<A, B> {
        &self.cause
    }
}

impl<A: fmt::Display, B: fmt::Display> fmt::Display for TeeError<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, name, cause } = self;
        match cause {
            TeeCause::First(error) => write!(f, "{stage}: the sink {name} failed: {error}"),
            TeeCause::Second(error) => write!(f, "{stage}: the sink {name} failed: {error}"),
            TeeCause::Both(first, second) => {
                write!(f, "{stage}: both sinks failed: {first}; {second}")
            }
        }
    }
}

impl<A: Error + 'static, B: Error + 'static> Error for TeeError<A, B> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            TeeCause::First(error) | TeeCause::Both(error, _) => Some(error),
            TeeCause::Second(error) => Some(error),
        }
    }
}
