//! `interleave`: so many items of one flow, then so many of another.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Hands on `segment` items of this flow, then as many of `other`, in turn.
    ///
    /// ```text
    /// in     --1-2-----3-4---|
    /// other  (abc|)
    ///        interleave(2)
    /// out    --1-(2ab)-3-(4c)|
    /// ```
    ///
    /// The one whose turn it is is waited for, however much the other has; [`merge`](Self::merge) takes what comes. When one
    /// has completed the rest of the other is handed on; completes when both have.
    ///
    /// # Backpressure
    ///
    /// Passes it on: only the flow whose turn it is is polled. Holds nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// An error of either is the end, when its turn comes; the other is dropped.
    ///
    /// # Panics
    ///
    /// Panics if `segment` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let deck = [1, 2, 3].flow().interleave([10, 20].flow(), 1);
    /// assert_eq!(deck.collect::<Vec<_>>().await, Ok(vec![1, 10, 2, 20, 3]));
    /// # }
    /// ```
    #[doc(alias = "alternate")]
    #[doc(alias = "round_robin")]
    #[track_caller]
    pub fn interleave<P>(self, other: P, segment: usize) -> Flow<Interleave<O, P>>
    where
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        assert!(segment > 0, "segments of 0 items let nothing through");
        Flow::new(Interleave {
            first: Stage::new("interleave", self.into_inner(), ()),
            second: Stage::new("interleave", other, ()),
            segment,
            second_has_turn: false,
            left: segment,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::interleave`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Interleave<O, P> {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
        segment: usize,
        second_has_turn: bool,
        // Items that are left of the segment.
        left: usize,
    }
}

impl<O, P> Observable for Interleave<O, P>
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
        let left = this.left;
        loop {
            // A stop is heard by both before an item goes out, as the consumer may break there.
            let first_owes = this.first.owes_stop(cx);
            let tells = first_owes || this.second.owes_stop(cx);
            let alone = this.first.is_ended() || this.second.is_ended();
            let second = if tells {
                !first_owes
            } else {
                *this.second_has_turn && !this.second.is_ended() || this.first.is_ended()
            };
            let mut broke = false;
            let mut step = |item| {
                broke = emit(item).is_break();
                *left -= usize::from(!alone);
                if broke || *left == 0 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            let drained = cx.limited(if tells { 0 } else { u32::MAX }, |cx| {
                if second {
                    this.second.as_mut().drain(cx, |(), item| step(item))
                } else {
                    this.first.as_mut().drain(cx, |(), item| step(item))
                }
            });
            if *left == 0 {
                *left = *this.segment;
                *this.second_has_turn ^= true;
            }
            match drained {
                Poll::Ready(Err(_)) => {
                    this.first.end();
                    this.second.end();
                    return drained;
                }
                _ if tells => {}
                Poll::Ready(Ok(Drained::Stopped)) if !broke => {}
                // The rest of the other is next.
                Poll::Ready(Ok(Drained::Completed)) if !alone => {}
                _ => return drained,
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}
