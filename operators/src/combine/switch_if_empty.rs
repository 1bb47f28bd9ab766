//! `switch_if_empty`: another flow if the first has no items.

use std::{ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage};

use super::concat::go_on;

impl<O: Observable> Flow<O> {
    /// Goes on with `other` if this flow completes without an item.
    ///
    /// ```text
    /// in     -----|
    /// other       --a--b--|
    ///        switch_if_empty
    /// out    -------a--b--|
    /// ```
    ///
    /// `other` is not polled before, but for a stop, of which it must hear at once. With the first item of this flow it is
    /// dropped unheard, as it is with an error.
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
    /// let found = ["reed", "rush"].flow().filter(|plant| plant.starts_with("w"));
    /// let plants = found.switch_if_empty(["willow"].flow());
    /// assert_eq!(plants.collect::<Vec<_>>().await, Ok(vec!["willow"]));
    /// # }
    /// ```
    #[doc(alias = "or_else")]
    #[doc(alias = "on_empty")]
    #[track_caller]
    pub fn switch_if_empty<P>(self, other: P) -> Flow<SwitchIfEmpty<O, P>>
    where
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        Flow::new(SwitchIfEmpty {
            first: Stage::new("switch_if_empty", self.into_inner(), ()),
            other: Stage::new("switch_if_empty", other, ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::switch_if_empty`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct SwitchIfEmpty<O, P> {
        #[pin]
        first: Stage<O>,
        #[pin]
        other: Stage<P>,
    }
}

impl<O, P> Observable for SwitchIfEmpty<O, P>
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
        let mut has_item = false;
        let drained = this.first.as_mut().drain(cx, |(), item| {
            has_item = true;
            emit(item)
        });
        if has_item {
            this.other.end();
            return drained;
        }
        go_on(this.first, drained, this.other, cx, emit)
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .inputs(self.first.input())
            .inputs(self.other.input());
    }
}
