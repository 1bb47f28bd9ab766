//! `repeat_when`: runs the flow again when it has completed and another flow says so.

use std::{fmt, ops::ControlFlow};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{
    Flow,
    delegate::delegate,
    rounds::{Notices, Rounds},
};

/// The completions of a flow, as its companion sees them; see [`Flow::repeat_when`].
pub type Completions<E> = Notices<(), E>;

impl<O: Observable> Flow<O> {
    /// Runs the flow again when it has completed, whenever the companion that `make` builds has an item.
    ///
    /// ```text
    /// in         --1--|
    /// companion       ---x     |
    ///        repeat_when(|completions| companion)
    /// out        --1-------1--|
    /// ```
    ///
    /// The companion is a flow that is made at the first completion and lives until the end. It is given the completions
    /// as a flow of its own, of `()`, and may make of them what it likes: wait, count, ask elsewhere, or ignore them.
    ///
    /// * Its items, whatever they are, begin the next round. One that comes while a round runs begins the next as soon as
    ///   that has completed; the companion is not polled further until then.
    /// * Its completion completes the result, after the round that runs.
    /// * Its error is the error of the result, at once.
    ///
    /// Each round is a pristine clone of the flow; the one that completed is dropped before the companion hears of it. For
    /// a number of rounds, or a pause between them, see [`repeat`](Flow::repeat), which needs no companion.
    ///
    /// When the flow is told to stop the companion is dropped: a round drains, a wait ends in completion.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds no items.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but what the flow itself may lose.
    ///
    /// # Errors
    ///
    /// Those of the flow and those of the companion.
    ///
    /// # Panics
    ///
    /// A clone of a flow that has completed once panics: clone it before it is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::timer};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let polled = [1, 2].flow().repeat_when(|completions| {
    ///     completions.concat_map(|()| timer(Duration::from_secs(60)))
    /// });
    /// assert_eq!(polled.take(5).collect::<Vec<_>>().await, Ok(vec![1, 2, 1, 2, 1]));
    /// # }
    /// ```
    #[track_caller]
    pub fn repeat_when<N, F>(self, make: F) -> Flow<RepeatWhen<O, N, F>>
    where
        O: Clone,
        F: FnOnce(Flow<Completions<O::Error>>) -> N,
        N: Observable<Error = O::Error>,
    {
        Flow::new(RepeatWhen {
            rounds: Rounds::new("repeat_when", "completions", self.into_inner(), make),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::repeat_when`].
    #[must_use = "flows do nothing unless run"]
    pub struct RepeatWhen<O, N, F>
    where
        O: Observable,
    {
        #[pin]
        rounds: Rounds<O, N, F, ()>,
    }
}

impl<O, N, F> Observable for RepeatWhen<O, N, F>
where
    O: Observable + Clone,
    F: FnOnce(Flow<Completions<O::Error>>) -> N,
    N: Observable<Error = O::Error>,
{
    type Item = O::Item;
    type Error = O::Error;

    delegate!(rounds.drain(true, |end| match end {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(Err(error)),
    }));
}

impl<O, N, F> Clone for RepeatWhen<O, N, F>
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

impl<O: Observable + fmt::Debug, N, F> fmt::Debug for RepeatWhen<O, N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rounds.fmt(f)
    }
}
