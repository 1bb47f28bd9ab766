//! `or_dead_letter`: what a sink does not take goes into another.

use std::{error::Error, fmt};

use thalweg_core::{DropReason, Meter, Sink, StageId};

/// Writes items into `sink`, and what it fails to take into `dead`; the flow goes on with the next batch.
///
/// What a failed write has left of its batch, at most 1,024 items, goes into `dead`, which is flushed at once. If an error
/// tells of one item only, [`OrDeadLetter::first_only`] keeps the others. With retries first, it is
/// `or_dead_letter(retrying(sink, policy), dead)`. Nothing goes in silence: [`OrDeadLetter::meter`] counts, and
/// [`OrDeadLetter::on_failure`] is told every error.
///
/// # Backpressure
///
/// While either of them writes nothing is pulled. Holds nothing.
///
/// # Durability
///
/// As that of both: an item that was taken is with one of them. Dead letters are flushed with the write that made them so.
///
/// # Errors
///
/// [`DeadLetterError`] names this stage: if `dead` fails too, with both errors; if `sink` fails at a flush or its close, when
/// its items are its own; or if it fails with nothing left of the batch, so that nobody has what was lost.
///
/// # Cancel safety
///
/// As that of both: items are in the batch until one of them has taken them.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sinks::{callback, json_lines, or_dead_letter}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("refused.jsonl");
/// let refuse = callback(|_: Vec<u32>| async { Err("the database is read-only") });
/// (1..=2).flow().run_into(or_dead_letter(refuse, json_lines(&path))).await.unwrap();
/// assert_eq!(std::fs::read_to_string(&path)?, "1\n2\n");
/// # Ok(()) }
/// ```
#[doc(alias = "fallback")]
#[track_caller]
pub fn or_dead_letter<T, S: Sink<T>, D>(sink: S, dead: D) -> OrDeadLetter<T, S, D> {
    OrDeadLetter {
        sink,
        dead,
        first_only: Box::new(|_| false),
        on_failure: Box::new(|_, _| {}),
        meter: Meter::new(),
        stage: StageId::here("or_dead_letter"),
    }
}

type TellsOfFirst<E> = Box<dyn Fn(&E) -> bool + Send + Sync>;
type OnFailure<E, T> = Box<dyn FnMut(&E, &[T]) + Send + Sync>;

/// The sink of [`or_dead_letter`].
#[must_use = "sinks do nothing unless a flow runs into them"]
pub struct OrDeadLetter<T, S: Sink<T>, D> {
    sink: S,
    dead: D,
    first_only: TellsOfFirst<S::Error>,
    on_failure: OnFailure<S::Error, T>,
    meter: Meter,
    stage: StageId,
}

impl<T, S: Sink<T>, D> OrDeadLetter<T, S, D> {
    /// Sets which errors tell of the first item only: just that one is a dead letter then, and `sink` is offered the
    /// others again. By default none does.
    ///
    /// ```
    /// use thalweg::sinks::{WriteError, json_lines, null, or_dead_letter};
    ///
    /// let sink = or_dead_letter::<String, _, _>(json_lines("out.jsonl"), null())
    ///     .first_only(|error| matches!(error, WriteError::Encode { .. }));
    /// # let _ = sink;
    /// ```
    pub fn first_only(mut self, tells: impl Fn(&S::Error) -> bool + Send + Sync + 'static) -> Self {
        self.first_only = Box::new(tells);
        self
    }

    /// Calls `tell` with every error of `sink` that is not told otherwise, and the items that are dead letters by it.
    pub fn on_failure(mut self, tell: impl FnMut(&S::Error, &[T]) + Send + Sync + 'static) -> Self {
        self.on_failure = Box::new(tell);
        self
    }

    /// Gives live numbers: items that `sink` took are emitted, dead letters that `dead` took are dropped as failed.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    fn sink_failed<E>(&self, error: S::Error) -> DeadLetterError<S::Error, E> {
        DeadLetterError::Sink {
            stage: self.stage,
            error,
        }
    }

    fn dead_failed<E>(&self, error: E) -> DeadLetterError<S::Error, E> {
        DeadLetterError::Dead {
            stage: self.stage,
            cause: None,
            error,
        }
    }
}

impl<T, S, D> Sink<T> for OrDeadLetter<T, S, D>
where
    T: Send,
    S: Sink<T> + Send,
    D: Sink<T> + Send,
{
    type Error = DeadLetterError<S::Error, D::Error>;

    async fn write(&mut self, batch: &mut Vec<T>) -> Result<(), Self::Error> {
        let before = batch.len();
        let written = self.sink.write(batch).await;
        let taken = (before - batch.len()) as u64;
        self.meter.receive(taken);
        self.meter.emit(taken);
        let Err(cause) = written else {
            return Ok(());
        };
        if batch.is_empty() {
            return Err(self.sink_failed(cause));
        }
        let items = if (self.first_only)(&cause) {
            1
        } else {
            batch.len()
        };
        (self.on_failure)(&cause, &batch[..items]);
        let mut letters = Letters {
            dead: batch.drain(..items).collect(),
            batch,
        };
        while !letters.dead.is_empty() {
            let before = letters.dead.len();
            let written = self.dead.write(&mut letters.dead).await;
            let taken = (before - letters.dead.len()) as u64;
            self.meter.receive(taken);
            self.meter.drop_items(DropReason::Failed, taken);
            if let Err(error) = written {
                return Err(DeadLetterError::Dead {
                    stage: self.stage,
                    cause: Some(cause),
                    error,
                });
            }
        }
        let flushed = self.dead.flush().await;
        flushed.map_err(|error| DeadLetterError::Dead {
            stage: self.stage,
            cause: Some(cause),
            error,
        })
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        let flushed = self.sink.flush().await;
        flushed.map_err(|error| self.sink_failed(error))
    }

    /// Closes both, also if the first fails.
    async fn close(&mut self) -> Result<(), Self::Error> {
        let closed = self.sink.close().await;
        let dead = self.dead.close().await;
        closed.map_err(|error| self.sink_failed(error))?;
        dead.map_err(|error| self.dead_failed(error))
    }

    /// Abandons both, also if the first fails: of a stream that has failed the dead letters are no more complete than the rest.
    async fn abandon(&mut self) -> Result<(), Self::Error> {
        let abandoned = self.sink.abandon().await;
        let dead = self.dead.abandon().await;
        abandoned.map_err(|error| self.sink_failed(error))?;
        dead.map_err(|error| self.dead_failed(error))
    }
}

/// Dead letters on their way; what is not taken is in front of the batch again at the end, also of a cancelled write.
struct Letters<'a, T> {
    dead: Vec<T>,
    batch: &'a mut Vec<T>,
}

impl<T> Drop for Letters<'_, T> {
    fn drop(&mut self) {
        self.dead.append(self.batch);
        std::mem::swap(&mut self.dead, self.batch);
    }
}

impl<T, S: Sink<T> + fmt::Debug, D: fmt::Debug> fmt::Debug for OrDeadLetter<T, S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrDeadLetter")
            .field("sink", &self.sink)
            .field("dead", &self.dead)
            .field("meter", &self.meter)
            .finish_non_exhaustive()
    }
}

/// The failure of an [`or_dead_letter`] stage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadLetterError<S, D> {
    /// The sink failed, and its items are not there any more to be dead letters.
    Sink {
        /// The stage.
        stage: StageId,
        /// What the sink said.
        error: S,
    },
    /// The sink of dead letters failed.
    Dead {
        /// The stage.
        stage: StageId,
        /// Why there were dead letters; `None` at the close.
        cause: Option<S>,
        /// What the sink of dead letters said.
        error: D,
    },
}

impl<S, D> DeadLetterError<S, D> {
    /// Gives the stage.
    pub fn stage(&self) -> StageId {
        match self {
            Self::Sink { stage, .. } | Self::Dead { stage, .. } => *stage,
        }
    }
}

impl<S: fmt::Display, D: fmt::Display> fmt::Display for DeadLetterError<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sink { stage, error } => write!(f, "{stage}: the sink failed: {error}"),
            Self::Dead {
                stage,
                cause: Some(cause),
                error,
            } => write!(
                f,
                "{stage}: cannot put away dead letters: {error}; they are due to: {cause}"
            ),
            Self::Dead { stage, error, .. } => {
                write!(f, "{stage}: cannot close the dead letters: {error}")
            }
        }
    }
}

impl<S: Error + 'static, D: Error + 'static> Error for DeadLetterError<S, D> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Sink { error, .. } => Some(error),
            Self::Dead { error, .. } => Some(error),
        }
    }
}
