//! `generate`: the states of a loop.

use std::fmt;

use thalweg_operators::{Flow, FromIter};

/// Emits `initial`, and what `step` makes of the one before, as long as `goes_on` says so.
///
/// ```text
///      generate(1, |n| n < 20, |n| n * 3)
/// out  (139|)
/// ```
///
/// It is a `for` loop as a flow: `goes_on` is asked before every item, the first included, and `step` is called when the
/// next one is wanted. Where a step waits for something, or the items are not the states, see
/// [`unfold`](super::unfold()).
///
/// # Backpressure
///
/// The closures are called when the consumer wants an item. Keeps the state, which is a copy of the last item.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{prelude::*, sources::generate};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let halves = generate(20, |n| *n > 0, |n| n / 2);
/// assert_eq!(halves.collect::<Vec<_>>().await, Ok(vec![20, 10, 5, 2, 1]));
/// # }
/// ```
#[doc(alias = "iterate")]
#[doc(alias = "successors")]
#[doc(alias = "for")]
#[track_caller]
pub fn generate<S, P, F>(initial: S, goes_on: P, step: F) -> Flow<FromIter<States<S, P, F>>>
where
    S: Clone,
    P: FnMut(&S) -> bool,
    F: FnMut(&S) -> S,
{
    let states = States {
        state: initial,
        is_emitted: false,
        goes_on,
        step,
    };
    Flow::new(FromIter::named("generate", states))
}

/// The states of [`generate`], as an iterator.
#[derive(Clone)]
#[must_use = "iterators do nothing unless they are advanced"]
pub struct States<S, P, F> {
    state: S,
    is_emitted: bool,
    goes_on: P,
    step: F,
}

impl<S, P, F> Iterator for States<S, P, F>
where
    S: Clone,
    P: FnMut(&S) -> bool,
    F: FnMut(&S) -> S,
{
    type Item = S;

    fn next(&mut self) -> Option<S> {
        if self.is_emitted {
            self.state = (self.step)(&self.state);
        }
        self.is_emitted = true;
        (self.goes_on)(&self.state).then(|| self.state.clone())
    }
}

impl<S: fmt::Debug, P, F> fmt::Debug for States<S, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("States")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
