//! `merge`: the items of several flows as they come.

mod failures;
mod many;

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage, inputs::QUANTUM};

pub use failures::{FailsAtOnce, FailsAtTheEnd, OnFailure};
pub use many::{MergeMany, merge};

impl<O: Observable> Flow<O> {
    /// Hands on the items of this flow and of `other` as they come.
    ///
    /// ```text
    /// in     --1-----2----3--|
    /// other  ----a-----b|
    ///        merge
    /// out    --1-a---2-b--3--|
    /// ```
    ///
    /// Completes when both have; an error of either is the end, and the other is dropped, unless
    /// [`delay_errors`](Flow::delay_errors) is asked for. Two inputs that always have items take turns of 64, beginning
    /// with this one. For many inputs of one type see [`merge`](crate::combine::merge).
    ///
    /// # Backpressure
    ///
    /// Passes it on to both; holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let merged = [1, 2].flow().merge([3, 4].flow());
    /// assert_eq!(merged.collect::<Vec<_>>().await, Ok(vec![1, 2, 3, 4]));
    /// # }
    /// ```
    #[doc(alias = "merge_with")]
    #[doc(alias = "select")]
    #[track_caller]
    pub fn merge<P>(self, other: P) -> Flow<Merge<O, P>>
    where
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        Flow::new(Merge {
            first: Stage::new("merge", self.into_inner(), ()),
            second: Stage::new("merge", other, ()),
            second_has_turn: false,
            turn: QUANTUM,
            failures: FailsAtOnce::default(),
        })
    }
}

impl<O, P> Flow<Merge<O, P>>
where
    O: Observable,
    P: Observable<Item = O::Item, Error = O::Error>,
{
    /// Lets the other flow run to its end when one fails. The first error is the end when both have; a second is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let burnt = [Ok(1), Err("burnt")].flow().raise();
    /// let sound = [Ok(2), Ok(3)].flow().raise();
    /// let mut both = burnt.merge(sound).delay_errors();
    /// for reading in 1..=3 {
    ///     assert_eq!(both.next().await, Ok(Some(reading)));
    /// }
    /// assert_eq!(both.next().await, Err("burnt"));
    /// # }
    /// ```
    #[doc(alias = "merge_delay_error")]
    pub fn delay_errors(self) -> Flow<Merge<O, P, FailsAtTheEnd<O::Error>>> {
        let merge = self.into_inner();
        Flow::new(Merge {
            first: merge.first,
            second: merge.second,
            second_has_turn: merge.second_has_turn,
            turn: merge.turn,
            failures: FailsAtTheEnd::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::merge`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Merge<O, P, D = FailsAtOnce> {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
        second_has_turn: bool,
        // What is left of the turn, so that a break does not change who is next.
        turn: u32,
        failures: D,
    }
}

impl<O, P, D> Observable for Merge<O, P, D>
where
    O: Observable,
    P: Observable<Item = O::Item, Error = O::Error>,
    D: OnFailure<O::Error>,
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
        // How many inputs in a row had nothing to give.
        let mut dry = 0;
        loop {
            // A stop is heard by both before an item goes out, as the consumer may break there.
            let first_owes = this.first.owes_stop(cx);
            let tells = first_owes || this.second.owes_stop(cx);
            let quota = if tells { 0 } else { *this.turn };
            let second = if tells {
                !first_owes
            } else {
                *this.second_has_turn
            };
            let before = cx.budget();
            let drained = cx.limited(quota, |cx| {
                if second {
                    this.second.as_mut().drain(cx, |(), item| emit(item))
                } else {
                    this.first.as_mut().drain(cx, |(), item| emit(item))
                }
            });
            let drained = match drained {
                Poll::Ready(Err(error)) => match this.failures.hear(error) {
                    ControlFlow::Break(error) => {
                        this.first.end();
                        this.second.end();
                        return Poll::Ready(Err(error));
                    }
                    ControlFlow::Continue(()) => Poll::Ready(Drained::Completed),
                },
                Poll::Ready(Ok(drained)) => Poll::Ready(drained),
                Poll::Pending => Poll::Pending,
            };
            if tells {
                continue;
            }
            *this.turn -= before - cx.budget();
            let has_more = matches!(drained, Poll::Ready(Drained::Stopped | Drained::Exhausted));
            if *this.turn == 0 || !has_more {
                *this.second_has_turn ^= true;
                *this.turn = QUANTUM;
            }
            match drained {
                Poll::Ready(Drained::Stopped) => return Poll::Ready(Ok(Drained::Stopped)),
                Poll::Ready(Drained::Exhausted) if cx.budget() == 0 => {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                Poll::Ready(Drained::Exhausted) => dry = 0,
                Poll::Ready(Drained::Completed) | Poll::Pending => dry += 1,
            }
            if dry == 2 {
                if !this.first.is_ended() || !this.second.is_ended() {
                    return Poll::Pending;
                }
                return Poll::Ready(match this.failures.take() {
                    Some(error) => Err(error),
                    None => Ok(Drained::Completed),
                });
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}
