//! `merge_weighted`: the items of several flows as they come, of some more than of others.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

use crate::{
    Flow,
    inputs::{Inputs, QUANTUM},
};

/// Hands on the items of any number of flows of one type as they come; of those that always have items, each in the
/// measure of its weight.
///
/// ```text
/// 2 ×  (aaaaaa...
/// 1 ×  (bbbbbb...
///        merge_weighted
/// out  (aabaab...
/// ```
///
/// For every item of a flow of weight 1 there come three of a flow of weight 3, as long as both have some. They take turns
/// in their order: the heaviest has one of 64 items, or of as many as it weighs, the others in proportion. A flow that has
/// nothing leaves its turn to the others.
///
/// Completes when all have; an error of one is the end, and the others are dropped. A poll costs what woke, not what there
/// is.
///
/// # Backpressure
///
/// Passes it on to all; holds nothing.
///
/// # Cancel safety
///
/// Nothing is lost.
///
/// # Panics
///
/// Panics if a weight is 0.
///
/// # Examples
///
/// ```
/// use thalweg::{operators::combine::merge_weighted, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let [urgent, routine] = ["urgent", "routine"].map(|name| (0..).flow().map(move |_| name));
/// let both = merge_weighted([(3, urgent), (1, routine)]).take(1_000);
/// let urgent = both.filter(|name| *name == "urgent").count().await.unwrap();
/// assert!((740..=760).contains(&urgent));
/// # }
/// ```
#[doc(alias = "merge_prioritized")]
#[doc(alias = "merge_preferred")]
#[track_caller]
pub fn merge_weighted<O: Observable>(
    inputs: impl IntoIterator<Item = (u32, O)>,
) -> Flow<MergeWeighted<O>> {
    let (mut quanta, inputs): (Vec<_>, Vec<_>) = inputs.into_iter().unzip();
    assert!(
        !quanta.contains(&0),
        "an input of weight 0 would never be heard"
    );
    let heaviest = quanta.iter().copied().max().unwrap_or(1);
    let scale = (QUANTUM / heaviest).max(1);
    for quantum in &mut quanta {
        *quantum *= scale;
    }
    Flow::new(MergeWeighted {
        inputs: Inputs::of(inputs),
        quanta,
        id: StageId::here("merge_weighted"),
    })
}

/// The observable of [`merge_weighted`].
#[derive(Clone)]
#[must_use = "flows do nothing unless run"]
pub struct MergeWeighted<O> {
    inputs: Inputs<O>,
    /// How many items the turn of each has.
    quanta: Vec<u32>,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<O> Unpin for MergeWeighted<O> {}

impl<O: Observable> Observable for MergeWeighted<O> {
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
        let (inputs, quanta) = (&mut this.inputs, &this.quanta);
        inputs.begin(cx);
        while let Some(visit) = inputs.visit(cx, |index| quanta[index], |_, item| emit(item)) {
            match visit.drained {
                Poll::Pending | Poll::Ready(Ok(Drained::Completed)) => {}
                Poll::Ready(Ok(Drained::Exhausted)) if !inputs.is_spent(cx) => {}
                Poll::Ready(Ok(_)) => return visit.drained,
                Poll::Ready(Err(_)) => {
                    inputs.clear();
                    return visit.drained;
                }
            }
        }
        inputs.rest()
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).inputs(self.inputs.iter());
    }
}

impl<O: fmt::Debug> fmt::Debug for MergeWeighted<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeWeighted")
            .field("inputs", &self.inputs)
            .field("quanta", &self.quanta)
            .finish_non_exhaustive()
    }
}
