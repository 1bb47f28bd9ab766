//! `elapsed`: notes how long after the one before every item came.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio::time::Instant;

use crate::{Flow, Stage};

/// An item, and how long after the one before it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Elapsed<T> {
    /// The item.
    pub item: T,
    /// The time since the item before, or since the first poll.
    pub since: Duration,
}

impl<O: Observable> Flow<O> {
    /// Puts the time since the item before beside every item; for the first it is the time since the first poll.
    ///
    /// ```text
    /// in   --a-------b-------|
    ///        elapsed
    /// out  --(a, 2)--(b, 8)--|
    /// ```
    ///
    /// The clock is that of the runtime, and is read once per poll: between items of one poll there is no time.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing. A slow consumer pulls an item later, and that is when it came.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::interval};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let second = Duration::from_secs(1);
    /// let gaps = interval(second).take(2).elapsed().map(|tick| tick.since);
    /// assert_eq!(gaps.collect::<Vec<_>>().await, Ok(vec![second, second]));
    /// # }
    /// ```
    #[doc(alias = "time_interval")]
    #[track_caller]
    pub fn elapsed(self) -> Flow<TimeSince<O>> {
        Flow::new(TimeSince {
            stage: Stage::new("elapsed", self.into_inner(), None),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::elapsed`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct TimeSince<O> {
        // The state is when the last item came, or when the first poll was.
        #[pin]
        stage: Stage<O, Option<Instant>>,
    }
}

impl<O: Observable> Observable for TimeSince<O> {
    type Item = Elapsed<O::Item>;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(Self::Item) -> ControlFlow<()>,
    {
        let mut stage = self.project().stage;
        let now = Instant::now();
        if let Some(before) = stage.as_mut().state() {
            before.get_or_insert(now);
        }
        stage.drain(cx, move |before, item| {
            let since = before
                .replace(now)
                .map_or(Duration::ZERO, |before| now - before);
            emit(Elapsed { item, since })
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
