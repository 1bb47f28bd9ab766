//! `dematerialize`: makes items, completion and error of data.

use std::{
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, Observable, Plan};

use super::Notification;
use crate::{Flow, Stage};

impl<O: Observable> Flow<O> {
    /// Does what the items say, which are [`Notification`]s: emits, completes, or fails.
    ///
    /// ```text
    /// in   --Next(1)-Next(2)-Completed-Next(3)-|
    ///        dematerialize
    /// out  --1-------2-------|
    /// ```
    ///
    /// The source is dropped at the first `Completed` or `Failed`. A source that completes without saying so completes the
    /// flow too.
    ///
    /// It undoes [`materialize`](Self::materialize). The stream's own error is of the type of the errors among its items;
    /// [`with_error`](Self::with_error) makes it so for a flow that cannot fail by itself.
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
    /// The first `Failed` among the items, or the error of the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let words = ["1", "x", "2"].flow().map(str::parse::<u32>).raise();
    /// let there_and_back = words.materialize().with_error().dematerialize();
    /// assert_eq!(there_and_back.materialize().count().await, Ok(2));
    /// # }
    /// ```
    #[track_caller]
    pub fn dematerialize<T, X>(self) -> Flow<Dematerialize<O>>
    where
        O: Observable<Item = Notification<T, X>, Error = X>,
    {
        Flow::new(Dematerialize {
            stage: Stage::new("dematerialize", self.into_inner(), ()),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::dematerialize`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Dematerialize<O> {
        #[pin]
        stage: Stage<O>,
    }
}

impl<O, T, X> Observable for Dematerialize<O>
where
    O: Observable<Item = Notification<T, X>, Error = X>,
{
    type Item = T;
    type Error = X;

    #[inline]
    fn poll_drain<E>(
        self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, X>>
    where
        E: FnMut(T) -> ControlFlow<()>,
    {
        let mut stage = self.project().stage;
        let mut end = None;
        let drained = stage.as_mut().drain(cx, |(), item| {
            end = Some(match item {
                Notification::Next(item) => return emit(item),
                Notification::Failed(error) => Err(error),
                Notification::Completed => Ok(Drained::Completed),
            });
            ControlFlow::Break(())
        });
        let drained = ready!(drained);
        match end {
            Some(end) => {
                stage.end();
                Poll::Ready(end)
            }
            None => Poll::Ready(drained),
        }
    }

    fn describe(&self, plan: &mut Plan) {
        self.stage.describe(plan);
    }
}
