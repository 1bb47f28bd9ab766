//! `race` of any number of flows of one type.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

use crate::{
    Flow,
    inputs::{Inputs, QUANTUM},
};

use super::wins;

/// Goes on with the flow that is the first to emit, complete or fail.
///
/// ```text
/// 1    ----a----b--|
/// 2    --c--d----|
/// 3    ------e--|
///        race
/// out  --c--d----|
/// ```
///
/// The others are dropped. At one instant the first in order goes first. One that completes because it is asked to stop has
/// not won: what is in flight in the others still comes. With no inputs it completes at once.
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
/// use thalweg::{operators::combine::race, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let mirrors = [80, 20, 50].map(|away| [away].flow().delay(Duration::from_millis(away)));
/// assert_eq!(race(mirrors).collect::<Vec<_>>().await, Ok(vec![20]));
/// # }
/// ```
#[doc(alias = "amb")]
#[track_caller]
pub fn race<O: Observable>(inputs: impl IntoIterator<Item = O>) -> Flow<RaceMany<O>> {
    Flow::new(RaceMany {
        inputs: Inputs::of(inputs),
        is_decided: false,
        id: StageId::here("race"),
    })
}

/// The observable of [`race`].
#[derive(Clone)]
#[must_use = "flows do nothing unless run"]
pub struct RaceMany<O> {
    inputs: Inputs<O>,
    is_decided: bool,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<O> Unpin for RaceMany<O> {}

impl<O: Observable> Observable for RaceMany<O> {
    type Item = O::Item;
    type Error = O::Error;

    fn poll_drain<E>(
        mut self: Pin<&mut Self>,
        cx: &mut Cx<'_, '_>,
        mut emit: E,
    ) -> Poll<Result<Drained, O::Error>>
    where
        E: FnMut(O::Item) -> ControlFlow<()>,
    {
        let this = &mut *self;
        let (inputs, is_decided) = (&mut this.inputs, &mut this.is_decided);
        inputs.begin(cx);
        loop {
            let mut won = false;
            let visit = inputs.visit(
                cx,
                |_| QUANTUM,
                |_, item| {
                    won = true;
                    emit(item)
                },
            );
            let Some(visit) = visit else {
                return inputs.rest();
            };
            if !*is_decided && (won || wins(&visit.drained, cx)) {
                *is_decided = true;
                inputs.keep_only(visit.index);
            }
            match visit.drained {
                Poll::Pending | Poll::Ready(Ok(Drained::Completed)) => {}
                Poll::Ready(Ok(Drained::Exhausted)) if !inputs.is_spent(cx) => {}
                rest @ Poll::Ready(_) => return rest,
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).inputs(self.inputs.iter());
    }
}

impl<O: fmt::Debug> fmt::Debug for RaceMany<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inputs.fmt(f)
    }
}
