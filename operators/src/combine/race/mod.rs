//! `race`: the flow that is the first to do something; the others are dropped.

mod many;

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

pub use many::{RaceMany, race};

impl<O: Observable> Flow<O> {
    /// Goes on with this flow or with `other`, whichever is the first to emit, complete or fail.
    ///
    /// ```text
    /// in     ----1----2--|
    /// other  --a--b----|
    ///        race
    /// out    --a--b----|
    /// ```
    ///
    /// The other one is dropped. At one instant this flow goes first. One that completes because it is asked to stop has
    /// not won: what is in flight in the other still comes. For many flows of one type see [`race`](crate::combine::race).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// An error is the end, if it comes before anything else or from the winner.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let far = ["far"].flow().delay(Duration::from_millis(80));
    /// let near = ["near"].flow().delay(Duration::from_millis(20));
    /// assert_eq!(far.race(near).collect::<Vec<_>>().await, Ok(vec!["near"]));
    /// # }
    /// ```
    #[doc(alias = "amb")]
    #[doc(alias = "race_with")]
    #[doc(alias = "first_with_signal")]
    #[track_caller]
    pub fn race<P>(self, other: P) -> Flow<Race<O, P>>
    where
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        Flow::new(Race {
            first: Stage::new("race", self.into_inner(), ()),
            second: Stage::new("race", other, ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::race`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Race<O, P> {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
    }
}

impl<O, P> Observable for Race<O, P>
where
    O: Observable,
    P: Observable<Item = O::Item, Error = O::Error>,
{
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
        let mut this = self.project();
        let mut first = Poll::Ready(Ok(Drained::Completed));
        if !this.first.is_ended() {
            let mut won = this.second.is_ended();
            // One that is busy without an item, as a filter can be, leaves the other its half.
            let share = if won {
                u32::MAX
            } else {
                cx.budget().div_ceil(2)
            };
            first = cx.limited(share, |cx| {
                this.first.as_mut().drain(cx, |(), item| {
                    won = true;
                    emit(item)
                })
            });
            if won || wins(&first, cx) {
                this.second.end();
                return first;
            }
        }
        let mut won = this.first.is_ended();
        let second = this.second.as_mut().drain(cx, |(), item| {
            won = true;
            emit(item)
        });
        if won || wins(&second, cx) {
            this.first.end();
            return second;
        }
        match second {
            Poll::Ready(Ok(Drained::Exhausted)) => second,
            _ => first,
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}

/// Tells whether it wins, without an item. Who completes because of a stop does not.
fn wins<E>(drained: &Poll<Result<Drained, E>>, cx: &Cx<'_, '_>) -> bool {
    match drained {
        Poll::Ready(Ok(Drained::Completed)) => !cx.stopping(),
        Poll::Ready(Err(_)) => true,
        _ => false,
    }
}
