//! `switch_scan`: makes a flow of every item and of what was last emitted, and runs only the newest.

use std::fmt;

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use super::SwitchMap;
use crate::{Flow, delegate::delegate};

impl<O: Observable> Flow<O> {
    /// Makes a flow of every item and the state, which is what was last emitted, and runs only the newest.
    ///
    /// ```text
    /// in   --1---------2--------|
    ///        switch_scan(0, (sum, n) => --(sum + n)--(sum + n + 10)--|)
    /// out  ----1--11-----13-23--|
    /// ```
    ///
    /// The state begins as `initial`, which is not emitted. For the rest it is as [`switch_map`](Self::switch_map).
    ///
    /// # Backpressure
    ///
    /// Pulls all that the source has, whether or not the inner flow is heard. Holds one inner flow, which the numbers of
    /// the stage count as an item, and the state; flows that were not run to their end are counted as superseded.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the state, and what the inner flow itself may lose.
    ///
    /// # Errors
    ///
    /// An error of the source or of the inner flow passes at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::interval};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let ticks = interval(Duration::from_secs(1)).take(3);
    /// let doubled = ticks.switch_scan(1, |n, _| [n * 2].flow());
    /// assert_eq!(doubled.collect::<Vec<_>>().await, Ok(vec![2, 4, 8]));
    /// # }
    /// ```
    #[doc(alias = "scan_latest")]
    #[track_caller]
    pub fn switch_scan<S, U, F>(self, initial: S, step: F) -> Flow<SwitchScan<O, U, S, F>>
    where
        S: Clone,
        F: FnMut(&S, O::Item) -> U,
        U: Observable<Item = S, Error = O::Error>,
    {
        let state = (initial, step);
        Flow::new(SwitchScan {
            flows: SwitchMap::new("switch_scan", self.into_inner(), state),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::switch_scan`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct SwitchScan<O, U, S, F> {
        #[pin]
        flows: SwitchMap<O, U, (S, F)>,
    }
}

impl<O, U, S, F> Observable for SwitchScan<O, U, S, F>
where
    O: Observable,
    S: Clone,
    F: FnMut(&S, O::Item) -> U,
    U: Observable<Item = S, Error = O::Error>,
{
    type Item = S;
    type Error = O::Error;

    delegate!(flows.drain(
        |(state, step), item| step(state, item),
        |(state, _), emitted| state.clone_from(emitted)
    ));
}

impl<O: fmt::Debug, U, S, F> fmt::Debug for SwitchScan<O, U, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flows.fmt(f)
    }
}
