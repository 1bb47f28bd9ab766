//! `merge`: the items of several flows as they come.

use std::{fmt, ops::ControlFlow, pin::Pin, task::Poll};

use pin_project_lite::pin_project;
use thalweg_core::{ChildWaker, Cx, Drained, Observable, Plan, ReadySet, StageId};

use crate::{Flow, Stage};

/// Items that one input may hand on before the next has its turn.
pub(crate) const QUANTUM: u32 = 64;

impl<O: Observable> Flow<O> {
    /// Hands on the items of this flow and of `other` as they come.
    ///
    /// ```text
    /// in     --1-----2----3--|
    /// other  ----a-----b|
    ///        merge
    /// out    --1-a---2-b--3--|
    /// ```
    ///
    /// Completes when both have; an error of either is the end, and the other is dropped. Two inputs that always have
    /// items take turns of 64, beginning with this one. For many inputs of one type see [`merge`](crate::combine::merge).
    ///
    /// # Backpressure
    ///
    /// Passes it on to both; holds nothing.
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
    /// let merged = [1, 2].flow().merge([3, 4].flow());
    /// assert_eq!(merged.collect::<Vec<_>>().await, Ok(vec![1, 2, 3, 4]));
    /// # }
    /// ```
    #[doc(alias = "merge_with")]
    #[doc(alias = "select")]
    #[track_caller]
    pub fn merge<P>(self, other: P) -> Flow<Merge<O, P>>
    where
        P: Observable<Item = O::Item, Error = O::Error>,
    {
        Flow::new(Merge {
            first: Stage::new("merge", self.into_inner(), ()),
            second: Stage::new("merge", other, ()),
            second_has_turn: false,
            turn: QUANTUM,
        })
    }
}

pin_project! {
    /// The observable of [`Flow::merge`].
    #[derive(Clone, Debug)]
    #[must_use = "flows do nothing unless run"]
    pub struct Merge<O, P> {
        #[pin]
        first: Stage<O>,
        #[pin]
        second: Stage<P>,
        second_has_turn: bool,
        // What is left of the turn, so that a break does not change who is next.
        turn: u32,
    }
}

impl<O, P> Observable for Merge<O, P>
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
        // How many inputs in a row had nothing to give.
        let mut dry = 0;
        loop {
            // A stop is heard by both before an item goes out, as the consumer may break there.
            let first_owes = this.first.owes_stop(cx);
            let tells = first_owes || this.second.owes_stop(cx);
            let quota = if tells { 0 } else { *this.turn };
            let second = if tells {
                !first_owes
            } else {
                *this.second_has_turn
            };
            let before = cx.budget();
            let drained = cx.limited(quota, |cx| {
                if second {
                    this.second.as_mut().drain(cx, |(), item| emit(item))
                } else {
                    this.first.as_mut().drain(cx, |(), item| emit(item))
                }
            });
            if tells && !matches!(drained, Poll::Ready(Err(_))) {
                continue;
            }
            *this.turn -= before - cx.budget();
            let has_more = matches!(
                drained,
                Poll::Ready(Ok(Drained::Stopped | Drained::Exhausted))
            );
            if *this.turn == 0 || !has_more {
                *this.second_has_turn ^= true;
                *this.turn = QUANTUM;
            }
            match drained {
                Poll::Ready(Ok(Drained::Stopped)) => return Poll::Ready(Ok(Drained::Stopped)),
                Poll::Ready(Ok(Drained::Exhausted)) if cx.budget() == 0 => {
                    return Poll::Ready(Ok(Drained::Exhausted));
                }
                Poll::Ready(Ok(Drained::Exhausted)) => dry = 0,
                Poll::Ready(Ok(Drained::Completed)) | Poll::Pending => dry += 1,
                Poll::Ready(Err(error)) => {
                    this.first.end();
                    this.second.end();
                    return Poll::Ready(Err(error));
                }
            }
            if dry == 2 {
                return if this.first.is_ended() && this.second.is_ended() {
                    Poll::Ready(Ok(Drained::Completed))
                } else {
                    Poll::Pending
                };
            }
        }
    }

    fn describe(&self, plan: &mut Plan) {
        plan.stage(self.first.id())
            .inputs(self.first.input())
            .inputs(self.second.input());
    }
}

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
/// Completes when all have; an error of one is the end, and the others are dropped. Inputs that always have items take
/// turns of 64 in their order. A poll costs what woke, not what there is: ten thousand idle inputs cost nothing.
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
pub fn merge<O: Observable>(inputs: impl IntoIterator<Item = O>) -> Flow<MergeAll<O>> {
    let mut ready = ReadySet::new();
    let inputs: Vec<_> = inputs
        .into_iter()
        .enumerate()
        .map(|(index, input)| {
            Some(Input {
                source: Box::pin(input),
                waker: ready.add(index),
            })
        })
        .collect();
    Flow::new(MergeAll {
        live: inputs.len(),
        inputs,
        ready,
        turn: None,
        told_to_stop: false,
        id: StageId::here("merge"),
    })
}

/// The observable of [`merge`].
#[must_use = "flows do nothing unless run"]
pub struct MergeAll<O> {
    inputs: Vec<Option<Input<O>>>,
    live: usize,
    ready: ReadySet,
    /// Who was broken off, and what was left of its turn: a break does not change who is next.
    turn: Option<(usize, u32)>,
    told_to_stop: bool,
    id: StageId,
}

struct Input<O> {
    source: Pin<Box<O>>,
    waker: ChildWaker,
}

// The inputs are pinned in their boxes.
impl<O> Unpin for MergeAll<O> {}

impl<O: Observable> Observable for MergeAll<O> {
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
        // Turns that are due even without a budget.
        let mut untold = 0_usize;
        if cx.stopping() && !std::mem::replace(&mut this.told_to_stop, true) {
            this.turn = None;
            for input in this.inputs.iter().flatten() {
                this.ready.again(&input.waker);
                untold += 1;
            }
        }
        this.ready.register(cx.waker());
        loop {
            let turn = this.turn.take();
            let Some((index, turn)) = turn.or_else(|| Some((this.ready.take()?, QUANTUM))) else {
                break;
            };
            let Some(Some(input)) = this.inputs.get_mut(index) else {
                // A wake that came after its end, or after that of all.
                continue;
            };
            // A stop is heard by all before an item goes out, as the consumer may break there.
            let quota = if untold > 0 { 0 } else { turn };
            untold = untold.saturating_sub(1);
            input.waker.start();
            let before = cx.budget();
            let drained = cx.limited(quota, |cx| {
                cx.woken_by(input.waker.waker(), |cx| {
                    input.source.as_mut().poll_drain(cx, &mut emit)
                })
            });
            match drained {
                Poll::Pending => {}
                Poll::Ready(Ok(Drained::Completed)) => {
                    this.inputs[index] = None;
                    this.live -= 1;
                }
                Poll::Ready(Ok(Drained::Stopped)) => {
                    let left = turn - (before - cx.budget());
                    if left == 0 {
                        this.ready.again(&input.waker);
                    } else {
                        this.turn = Some((index, left));
                    }
                    return Poll::Ready(Ok(Drained::Stopped));
                }
                Poll::Ready(Ok(Drained::Exhausted)) => {
                    this.ready.again(&input.waker);
                    if cx.budget() == 0 && untold == 0 {
                        return Poll::Ready(Ok(Drained::Exhausted));
                    }
                }
                Poll::Ready(Err(error)) => {
                    this.inputs.clear();
                    this.live = 0;
                    return Poll::Ready(Err(error));
                }
            }
        }
        if this.live == 0 {
            Poll::Ready(Ok(Drained::Completed))
        } else {
            Poll::Pending
        }
    }

    fn describe(&self, plan: &mut Plan) {
        let inputs = self.inputs.iter().flatten();
        plan.stage(self.id)
            .inputs(inputs.map(|input| &*input.source));
    }
}

impl<O: Clone> Clone for MergeAll<O> {
    fn clone(&self) -> Self {
        let mut ready = ReadySet::new();
        let inputs = self
            .inputs
            .iter()
            .enumerate()
            .map(|(index, input)| {
                input.as_ref().map(|input| Input {
                    source: input.source.clone(),
                    waker: ready.add(index),
                })
            })
            .collect();
        Self {
            inputs,
            live: self.live,
            ready,
            turn: self.turn,
            told_to_stop: false,
            id: self.id,
        }
    }
}

impl<O: fmt::Debug> fmt::Debug for MergeAll<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.inputs.iter().flatten().map(|input| &input.source))
            .finish()
    }
}
