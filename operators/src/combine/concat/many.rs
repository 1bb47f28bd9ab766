//! `concat` of any number of flows of one type.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use thalweg_core::{Cx, Drained, Observable, Plan, StageId};

use crate::{Flow, inputs::Inputs};

/// Hands on the items of any number of flows of one type, one flow after the other.
///
/// ```text
/// 1    --a--|
/// 2    -b|
/// 3    --c--|
///        concat
/// out  --a---b--c--|
/// ```
///
/// A flow is not polled before the one in front of it has completed, but for a stop, of which it must hear at once. An
/// error of one is the end, and those behind it are dropped unheard. For flows that are not known from the start see
/// [`concat_map`](Flow::concat_map).
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
/// use thalweg::{operators::combine::concat, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let days = concat((1..=3).map(|day| (0..2).flow().map(move |hour| 10 * day + hour)));
/// assert_eq!(days.collect::<Vec<_>>().await, Ok(vec![10, 11, 20, 21, 30, 31]));
/// # }
/// ```
#[track_caller]
pub fn concat<O: Observable>(inputs: impl IntoIterator<Item = O>) -> Flow<ConcatMany<O>> {
    let inputs = Inputs::of(inputs);
    Flow::new(ConcatMany {
        count: inputs.len(),
        inputs,
        current: 0,
        id: StageId::here("concat"),
    })
}

/// The observable of [`concat()`].
#[derive(Clone)]
#[must_use = "flows do nothing unless run"]
pub struct ConcatMany<O> {
    inputs: Inputs<O>,
    count: usize,
    /// The index of the input whose items are handed on.
    current: usize,
    id: StageId,
}

// The inputs are pinned in their boxes.
impl<O> Unpin for ConcatMany<O> {}

impl<O: Observable> Observable for ConcatMany<O> {
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
        let (inputs, current) = (&mut this.inputs, &mut this.current);
        inputs.begin(cx);
        loop {
            let visit = inputs.visit(
                cx,
                |index| if index == *current { u32::MAX } else { 0 },
                |_, item| emit(item),
            );
            let Some(visit) = visit else {
                return inputs.rest();
            };
            match visit.drained {
                Poll::Ready(Ok(Drained::Completed)) => {
                    // One that waits may have ended too, when it heard of a stop.
                    while *current < this.count && !inputs.is_live(*current) {
                        *current += 1;
                    }
                    inputs.again(*current);
                }
                Poll::Ready(Ok(Drained::Exhausted)) if !inputs.is_spent(cx) => {}
                Poll::Pending => {}
                Poll::Ready(Err(_)) => {
                    inputs.clear();
                    return visit.drained;
                }
                Poll::Ready(Ok(_)) => return visit.drained,
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.id).inputs(self.inputs.iter());
    }
}

impl<O: fmt::Debug> fmt::Debug for ConcatMany<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inputs.fmt(f)
    }
}
