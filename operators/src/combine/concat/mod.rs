//! `concat`: one flow after the other.

mod many;

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

pub use many::{ConcatMany, concat};

impl<O: Observable> Flow<O> {
    /// Hands on the items of this flow and, when it has completed, those of `other`.
    ///
    /// ```text
    /// in     --1--2--|
    /// other  --a--b--|
    ///        concat
    /// out    --1--2----a--b--|
    /// ```
    ///
    /// `other` is not polled before, but for a stop, of which it must hear at once. An error of this flow is the end, and
    /// `other` is dropped unheard. For many flows of one type see [`concat`](crate::combine::concat).
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing.
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
    /// let both = [1, 2].flow().concat([3].flow());
    /// assert_eq!(both.collect::<Vec<_>>().await, Ok(vec![1, 2, 3]));
    /// # }
    /// ```
    #[doc(alias = "chain")]
    #[doc(alias = "concat_with")]
    #[track_caller]
    pub fn concat<P>(self, other: P) -> Flow<Concat<O, P>>
    where
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        Flow::new(Concat {
            first: Stage::new("concat", self.into_inner(), ()),
            second: Stage::new("concat", other, ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::concat`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Concat<O, P> {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
    }
}

impl<O, P> Observable for Concat<O, P>
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
        let drained = this.first.as_mut().drain(cx, |(), item| emit(item));
        go_on(this.first, drained, this.second, cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}

/// Goes on with the second flow when the first, which came to rest as `drained`, has completed.
///
/// Before that the second is only told of a stop, and an error of one is the end of both.
#[inline]
pub(super) fn go_on<O, P>(
    first: Pin<&mut Stage<O>>,
    drained: Poll<Result<Drained, O::Error>>,
    second: Pin<&mut Stage<P>>,
    cx: &mut Cx<'_, '_>,
    mut emit: impl FnMut(O::Item) -> ControlFlow<()>,
) -> Poll<Result<Drained, O::Error>>
where
    O: Observable,
    P: Observable<Item = O::Item, Error = O::Error>,
{
    if let Poll::Ready(Err(_)) = drained {
        second.end();
        return drained;
    }
    let busy = !first.is_ended();
    if busy && !second.owes_stop(cx) {
        return drained;
    }
    let quota = if busy { 0 } else { u32::MAX };
    let of_second = cx.limited(quota, |cx| second.drain(cx, |(), item| emit(item)));
    match of_second {
        Poll::Ready(Err(_)) => {
            first.end();
            of_second
        }
        _ if busy => drained,
        _ => of_second,
    }
}
