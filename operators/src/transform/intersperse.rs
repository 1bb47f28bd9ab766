//! `intersperse`: puts a separator between the items.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{Cx, Drained, DropReason, Holds, Observable, Plan};

use crate::{Flow, Stage, ledger::Ledger};

impl<O: Observable> Flow<O> {
    /// Puts a clone of `separator` between any two items, right before the second of them.
    ///
    /// ```text
    /// in   --1--2-----3----|
    ///        intersperse(0)
    /// out  --1--(0 2)-(0 3)|
    /// ```
    ///
    /// # Backpressure
    ///
    /// Passes it on. Holds one item, if the consumer leaves at the separator before it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the flow drops the item whose separator has gone out alone, and counts it as cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let list = ["1", "2", "3"].flow().intersperse(", ");
    /// assert_eq!(list.collect::<String>().await, Ok("1, 2, 3".to_owned()));
    /// # }
    /// ```
    #[doc(alias = "join")]
    #[track_caller]
    pub fn intersperse(self, separator: O::Item) -> Flow<Intersperse<O>>
    where
        O::Item: Clone,
    {
        let separating = Separating {
            separator,
            begun: false,
        };
        Flow::new(Intersperse {
            stage: Stage::new("intersperse", self.into_inner(), separating),
            held: None,
            ledger: Ledger::new(),
        })
    }
}

pin_project! {
    /// The observable of [`Flow::intersperse`].
    #[derive(Clone)]
    #[must_use = "flows do nothing unless run"]
    pub struct Intersperse<O>
    where
        O: Observable,
    {
        #[pin]
        stage: Stage<O, Separating<O::Item>>,
        // The consumer broke at the separator before it.
        held: Option<O::Item>,
        ledger: Ledger,
    }
}

#[derive(Clone)]
struct Separating<T> {
    separator: T,
    begun: bool,
}

impl<O: Observable<Item: Clone>> Observable for Intersperse<O> {
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
        let held = this.held;
        let (mut received, mut emitted, mut separators) = (0, 0, 0);
        let outcome = loop {
            // The source hears of a stop before what is held goes out, as the consumer may break.
            let told = !this.stage.owes_stop(cx);
            if told
                && cx.budget() > 0
                && let Some(item) = held.take()
            {
                emitted += 1;
                if emit(item).is_break() {
                    break Poll::Ready(Ok(Drained::Stopped));
                }
            }
            let holds = held.is_some();
            if holds && told {
                break Poll::Ready(Ok(Drained::Exhausted));
            }
            let drained = cx.limited(if holds { 0 } else { u32::MAX }, |cx| {
                this.stage.as_mut().drain(cx, |separating, item| {
                    received += 1;
                    if std::mem::replace(&mut separating.begun, true) {
                        separators += 1;
                        if emit(separating.separator.clone()).is_break() {
                            *held = Some(item);
                            return ControlFlow::Break(());
                        }
                    }
                    emitted += 1;
                    emit(item)
                })
            });
            if !holds || matches!(drained, Poll::Ready(Err(_))) {
                break drained;
            }
        };
        // What the operator makes itself is paid for as well.
        cx.spend_many(separators);
        this.ledger.receive(received);
        this.ledger.emit(emitted);
        if let Poll::Ready(Err(_)) = outcome {
            let left = u64::from(held.take().is_some());
            this.ledger.drop_items(DropReason::Failed, left);
        }
        outcome
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.stage.id())
            .holds(Holds::Items(1))
            .meter(self.ledger.meter())
            .inputs(self.stage.input());
    }
}

impl<O: Observable + fmt::Debug> fmt::Debug for Intersperse<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intersperse")
            .field("stage", &self.stage)
            .field("holds", &self.held.is_some())
            .finish_non_exhaustive()
    }
}
