//! `end_with`: puts items behind a flow.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use crate::{Flow, Stage, own_items::emit_own};

impl<O: Observable> Flow<O> {
    /// Emits the items of the source and, when it has completed, `items`.
    ///
    /// ```text
    /// in   --1--2--|
    ///        end_with([8, 9])
    /// out  --1--2--(89|)
    /// ```
    ///
    /// They are pulled from their iterator as they are wanted. They are the last words of the flow, so they also come when
    /// the source has completed because the flow was asked to stop; see [`concat`](Self::concat) for a second source, which
    /// completes then.
    ///
    /// # Backpressure
    ///
    /// Passes it on; holds nothing but the iterator.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Errors
    ///
    /// An error of the source is the end, and the items are not emitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let list = ["a", "b"].flow().start_with(["["]).end_with(["]"]);
    /// assert_eq!(list.collect::<String>().await, Ok("[ab]".to_owned()));
    /// # }
    /// ```
    #[doc(alias = "append")]
    #[doc(alias = "concat_with_values")]
    #[doc(alias = "on_completion")]
    #[track_caller]
    pub fn end_with<I>(self, items: I) -> Flow<EndWith<O, I::IntoIter>>
    where
        I: IntoIterator<Item = O::Item>,
    {
        Flow::new(EndWith {
            stage: Stage::new("end_with", self.into_inner(), ()),
            items: Some(items.into_iter()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::end_with`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct EndWith<O, I> {
        #[pin]
        stage: Stage<O>,
        items: Option<I>,
    }
}

impl<O, I> Observable for EndWith<O, I>
where
    O: Observable,
    I: Iterator<Item = O::Item>,
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
        let this = self.project();
        let drained = this.stage.drain(cx, |(), item| emit(item));
        match drained {
            Poll::Ready(Ok(Drained::Completed)) => {}
            Poll::Ready(Err(_)) => {
                *this.items = None;
                return drained;
            }
            _ => return drained,
        }
        if let ControlFlow::Break(rest) = emit_own(this.items, cx, &mut emit) {
            return Poll::Ready(Ok(rest));
        }
        drained
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}

impl<O: fmt::Debug, I> fmt::Debug for EndWith<O, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndWith")
            .field("stage", &self.stage)
            .field("ended", &self.items.is_none())
            .finish_non_exhaustive()
    }
}
