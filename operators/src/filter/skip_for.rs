//! `skip_for`: drops items for some time.

use std::{ops::ControlFlow, pin::Pin, task::Poll, time::Duration};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};
use tokio::time::Instant;

use crate::{Flow, Stage, timer::later};

impl<O: Observable> Flow<O> {
    /// Drops items for `time`, counted from the first poll, then lets all pass.
    ///
    /// ```text
    /// in   --1--2--3--4--|
    ///        skip_for(6)
    /// out  --------3--4--|
    /// ```
    ///
    /// An item that comes at the very instant at which the time has passed goes through.
    ///
    /// # Backpressure
    ///
    /// Pulls all there is until the time has passed, then passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost that is not dropped anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::{prelude::*, sources::interval};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let beats = interval(Duration::from_secs(2)).take(6).skip_for(Duration::from_secs(9));
    /// assert_eq!(beats.count().await, Ok(2));
    /// # }
    /// ```
    #[doc(alias = "drop_within")]
    #[track_caller]
    pub fn skip_for(self, time: Duration) -> Flow<SkipFor<O>> {
        Flow::new(SkipFor {
            stage: Stage::new("skip_for", self.into_inner(), ()),
            skipping: Some(Skipping::For(time)),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::skip_for`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct SkipFor<O> {
        #[pin]
        stage: Stage<O>,
        skipping: Option<Skipping>,
    }
}

#[derive(Clone, Copy, Debug)]
enum Skipping {
    /// From the first poll on.
    For(Duration),
    Until(Instant),
}

impl<O: Observable> Observable for SkipFor<O> {
    type Item = O::Item;
    type Error = O::Error;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let this = self.project();
        // Nothing is due when the time has passed, so no timer has to wake the task.
        if let Some(skipping) = *this.skipping {
            let now = Instant::now();
            let until = match skipping {
                Skipping::For(time) => later(now, time),
                Skipping::Until(until) => until,
            };
            *this.skipping = (now < until).then_some(Skipping::Until(until));
        }
        let passing = this.skipping.is_none();
        this.stage.drain(cx, |(), item| {
            if passing {
                emit(item)
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
