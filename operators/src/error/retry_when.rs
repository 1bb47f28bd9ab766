//! `retry_when`: runs the flow again after an error, when another flow says so.

use std::{fmt, ops::ControlFlow};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow,
    delegate::delegate,
    rounds::{Notices, Rounds},
};

/// The errors of a flow, as its companion sees them; see [`Flow::retry_when`].
pub type Errors<E> = Notices<E, E>;

impl<O: Observable> Flow<O> {
    /// Runs the flow again after an error, whenever the companion that `make` builds has an item.
    ///
    /// ```text
    /// in         --1--#
    /// companion       ---x    --#
    ///        retry_when(|errors| companion)
    /// out        --1-------1----#
    /// ```
    ///
    /// The companion is a flow that is made at the first failure and lives until the end. It is given the errors as a flow
    /// of its own, and may make of them what it likes: wait, count, ask elsewhere, or ignore them.
    ///
    /// * Its items, whatever they are, begin the next attempt. One that comes while an attempt runs begins the next as soon
    ///   as that has failed; the companion is not polled further until then.
    /// * Its completion completes the result, at once, also if an attempt runs: one that ends with an item, as
    ///   `errors.take(2)`, leaves the attempt that it begins no time.
    /// * Its error is the error of the result, at once as well. What it does not handle is for it to [`raise`](Flow::raise).
    ///
    /// Each attempt is a pristine clone of the flow; the one that failed is dropped before the companion hears of it. An
    /// error that the companion has not looked at when the next one comes is replaced by it. For waits that grow see
    /// [`retry`](Flow::retry), which needs no companion.
    ///
    /// When the flow is told to stop the companion is dropped: an attempt drains, a wait ends in completion.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds no items, and one error at most.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the flow itself may lose.
    ///
    /// # Errors
    ///
    /// Those of the companion. On a stop, the error of the attempt that runs.
    ///
    /// # Panics
    ///
    /// A clone of a flow that has failed once panics: clone it before it is polled.
    ///
    /// # Examples
    ///
    /// Waits a second after every error, but gives up at one that time does not heal:
    ///
    /// ```
    /// use std::{io, time::Duration};
    /// use thalweg::{prelude::*, sources::timer};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let mut answers = [io::ErrorKind::TimedOut, io::ErrorKind::NotFound].into_iter();
    /// let (sender, asked) = std::sync::mpsc::channel();
    /// let ask = [()].flow().map(move |()| {
    ///     sender.send(()).unwrap();
    ///     Err::<u32, _>(io::Error::other("no answer"))
    /// });
    /// let patient = ask.raise().retry_when(move |errors| {
    ///     errors
    ///         .map(move |error| match answers.next() {
    ///             Some(io::ErrorKind::TimedOut) => Ok(()),
    ///             _ => Err(error),
    ///         })
    ///         .raise()
    ///         .concat_map(|()| timer(Duration::from_secs(1)).with_error())
    /// });
    /// assert_eq!(patient.count().await.unwrap_err().to_string(), "no answer");
    /// assert_eq!(asked.iter().count(), 2);
    /// # }
    /// ```
    #[track_caller]
    pub fn retry_when<N, F>(self, make: F) -> Flow<RetryWhen<O, N, F>>
    where
        O: Clone,
        F: FnOnce(Flow<Errors<O::Error>>) -> N,
        N: Observable<Error = O::Error>,
    {
        Flow::new(RetryWhen {
            rounds: Rounds::new("retry_when", "errors", self.into_inner(), make),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::retry_when`].
    #[must_use = "flows do nothing unless run"]
    pub struct RetryWhen<O, N, F>
    where
        O: Observable,
    {
        #[pin]
        rounds: Rounds<O, N, F, O::Error>,
    }
}

impl<O, N, F> Observable for RetryWhen<O, N, F>
where
    O: Observable + Clone,
    F: FnOnce(Flow<Errors<O::Error>>) -> N,
    N: Observable<Error = O::Error>,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(rounds.drain(false, |end| match end {
        Err(error) => ControlFlow::Continue(error),
        Ok(()) => ControlFlow::Break(Ok(())),
    }));
}

impl<O, N, F> Clone for RetryWhen<O, N, F>
where
    O: Observable + Clone,
    F: Clone,
{
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            rounds: self.rounds.clone(),
        }
    }
}

impl<O: Observable + fmt::Debug, N, F> fmt::Debug for RetryWhen<O, N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rounds.fmt(f)
    }
}
