//! `session`: gathers items between which there is no long gap.

use std::{fmt, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::Observable;

use crate::{Flow, Stage, delegate::delegate};

use super::shared::{Buffers, Gap, Windows, no_copies};

impl<O: Observable> Flow<O> {
    /// Gathers items into a vector until none has come for `gap`.
    ///
    /// ```text
    /// in   --1-2--------3-|
    ///        session(4)
    /// out  --------12-----(3|)
    /// ```
    ///
    /// A session begins with an item and is never empty. An item that comes at the very instant at which the gap is
    /// over begins the next. [`max`](Flow::max) ends a session that does not end by itself. When the source
    /// completes, the session that has begun is emitted. For a session of every key see
    /// [`group_by`](Flow::group_by).
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds the session that has begun, at most `max` items.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops what it holds, which is counted as cancelled.
    ///
    /// # Errors
    ///
    /// An error of the stream passes. What is held is dropped and counted as failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let visits = ["home", "search", "home"].flow().session(Duration::from_secs(1800));
    /// assert_eq!(visits.collect::<Vec<_>>().await, Ok(vec![vec!["home", "search", "home"]]));
    /// # }
    /// ```
    #[doc(alias = "session_window")]
    #[track_caller]
    pub fn session(self, gap: Duration) -> Flow<Session<O>> {
        let stage = Stage::new("session", self.into_inner(), ());
        let gather = Buffers::new(no_copies).without_empty();
        let borders = Gap::new(gap);
        Flow::new(Session {
            windows: Windows::new(stage, borders, gather),
        })
    }
}

impl<O: Observable> Flow<Session<O>> {
    /// Ends a session with its item no. `items`.
    ///
    /// # Panics
    ///
    /// Panics if `items` is 0.
    #[track_caller]
    pub fn max(self, items: usize) -> Self {
        assert!(items > 0, "a session of 0 items never comes");
        let mut flow = self.into_inner();
        flow.windows.borders_mut().set_max(items);
        Self::new(flow)
    }
}

pin_project! {
    /// The observable of [`Flow::session`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Session<O>
    where
        O: Observable,
    {
        #[pin]
        windows: Windows<O, Gap, Buffers<O::Item>>,
    }
}

impl<O: Observable> Observable for Session<O> {
    type Item = Vec<O::Item>;
    type Error = O::Error;

    delegate!(windows);
}

impl<O: Observable + fmt::Debug> fmt::Debug for Session<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("windows", &self.windows)
            .finish()
    }
}
