//! `merge` of any number of flows of one type.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

use crate::{
    Flow,
    inputs::{Inputs, QUANTUM},
};

use super::{FailsAtOnce, FailsAtTheEnd, OnFailure};

/// Hands on the items of any number of flows of one type as they come.
///
/// ```text
/// 1    --a-----b---|
/// 2    ----c|
/// 3    ------d---e--|
///        merge
/// out  --a-c-d-b-e--|
/// ```
///
/// Completes when all have; an error of one is the end, and the others are dropped, unless
/// [`delay_errors`](Flow::delay_errors) is asked for. Inputs that always have items take turns of 64 in their order. A
/// poll costs what woke, not what there is: ten thousand idle inputs cost nothing.
///
/// # Backpressure
///
/// Passes it on to all; holds nothing.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::combine::merge, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let merged = merge((0..3).map(|n| [n, n + 10].flow()));
/// assert_eq!(merged.count().await, Ok(6));
/// # }
/// ```
#[doc(alias = "select_all")]
#[track_caller]
pub fn merge<O: Observable>(inputs: impl IntoIterator<Item = O>) -> Flow<MergeMany<O>> {
    Flow::new(MergeMany {
        inputs: Inputs::of(inputs),
        failures: FailsAtOnce::default(),
        id: StageId::here("merge"),
    })
}

impl<O: Observable> Flow<MergeMany<O>> {
    /// Lets the other inputs run to their end when one fails. The first error is the end when all have; later ones are
    /// dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use thalweg::{operators::combine::merge, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let readings = [vec![Ok(1), Err("burnt")], vec![Ok(2), Ok(3)]];
    /// let mut all = merge(readings.map(|sensor| sensor.flow().raise())).delay_errors();
    /// for reading in 1..=3 {
    ///     assert_eq!(all.next().await, Ok(Some(reading)));
    /// }
    /// assert_eq!(all.next().await, Err("burnt"));
    /// # }
    /// ```
    #[doc(alias = "merge_delay_error")]
    pub fn delay_errors(self) -> Flow<MergeMany<O, FailsAtTheEnd<O::Error>>> {
        let MergeMany { inputs, id, .. } = self.into_inner();
        Flow::new(MergeMany {
            inputs,
            failures: FailsAtTheEnd::new(),
            id,
        })
    }
}

/// The observable of [`merge`].
#[derive(Clone)]
#[must_use = "flows do nothing unless run"]
pub struct MergeMany<O, D = FailsAtOnce> {
    inputs: Inputs<O>,
    failures: D,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<O, D> Unpin for MergeMany<O, D> {}

impl<O, D> Observable for MergeMany<O, D>
where
    O: Observable,
    D: OnFailure<O::Error>,
{
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
        let inputs = &mut this.inputs;
        inputs.begin(cx);
        while let Some(visit) = inputs.visit(cx, |_| QUANTUM, |_, item| emit(item)) {
            match visit.drained {
                Poll::Pending | Poll::Ready(Ok(Drained::Completed)) => {}
                Poll::Ready(Ok(Drained::Exhausted)) if !inputs.is_spent(cx) => {}
                Poll::Ready(Err(error)) => {
                    if let ControlFlow::Break(error) = this.failures.hear(error) {
                        inputs.clear();
                        return Poll::Ready(Err(error));
                    }
                }
                rest @ Poll::Ready(Ok(Drained::Stopped | Drained::Exhausted)) => return rest,
            }
        }
        if inputs.is_empty()
            && let Some(error) = this.failures.take()
        {
            return Poll::Ready(Err(error));
        }
        inputs.rest()
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).inputs(self.inputs.iter());
    }
}

impl<O: fmt::Debug, D> fmt::Debug for MergeMany<O, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inputs.fmt(f)
    }
}
