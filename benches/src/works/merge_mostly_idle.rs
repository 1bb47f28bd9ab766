//! Many inputs of which one has items, each after a wake of its own: what an item costs must not grow with the idle ones.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::Stream;

use super::mix;
use crate::harness::{Rival, Work};

/// Gives the work for 10, 100, 1,000 and 10,000 inputs.
pub(super) fn works() -> Vec<Work> {
    vec![
        work::<10>("merge_10_idle"),
        work::<100>("merge_100_idle"),
        work::<1_000>("merge_1000_idle"),
        work::<10_000>("merge_10000_idle"),
    ]
}

fn work<const INPUTS: u64>(name: &'static str) -> Work {
    let work = Work::new(name, 100_000)
        .goal(1.0, Rival::Best)
        .ours(ours::<INPUTS>)
        .rival("futures select_all", futures::<INPUTS>);
    // They look at every input at every wake, so a run of more takes minutes.
    if INPUTS <= 100 {
        work.rival("futures-concurrency", futures_concurrency::<INPUTS>)
            .rival("tokio-stream StreamMap", tokio_stream_map::<INPUTS>)
    } else {
        work
    }
}

/// Has an item, then says that it has none yet and wakes at once; or never has one.
struct Trickle {
    left: Option<u64>,
    rests: bool,
}

impl Stream for Trickle {
    type Item = u64;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<u64>> {
        let rests = !self.rests;
        match &mut self.left {
            None => Poll::Pending,
            Some(0) => Poll::Ready(None),
            Some(left) => {
                if rests {
                    self.rests = true;
                    task.waker().wake_by_ref();
                    return Poll::Pending;
                }
                *left -= 1;
                let item = *left;
                self.rests = false;
                Poll::Ready(Some(item))
            }
        }
    }
}

/// The one in the middle has the items; the others never end, so a run does with the last item.
fn inputs<const INPUTS: u64>(items: u64) -> impl Iterator<Item = Trickle> {
    (0..INPUTS).map(move |index| Trickle {
        left: (index == INPUTS / 2).then_some(items + 1),
        rests: false,
    })
}

async fn ours<const INPUTS: u64>(items: u64) -> u64 {
    use thalweg::{operators::combine::merge, prelude::*};

    let merged = merge(inputs::<INPUTS>(items).map(IntoFlow::flow));
    let Ok(sum) = merged.take(items).fold(0, mix).await;
    sum
}

async fn futures<const INPUTS: u64>(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::select_all(inputs::<INPUTS>(items))
        .take(usize::try_from(items).unwrap_or(usize::MAX))
        .fold(0, |sum, n| ready(mix(sum, n)))
        .await
}

async fn futures_concurrency<const INPUTS: u64>(items: u64) -> u64 {
    use futures::{StreamExt, future::ready};
    use futures_concurrency::stream::Merge;

    inputs::<INPUTS>(items)
        .collect::<Vec<_>>()
        .merge()
        .take(usize::try_from(items).unwrap_or(usize::MAX))
        .fold(0, |sum, n| ready(mix(sum, n)))
        .await
}

async fn tokio_stream_map<const INPUTS: u64>(items: u64) -> u64 {
    use tokio_stream::{StreamExt, StreamMap};

    let inputs: StreamMap<_, _> = (0_u64..).zip(inputs::<INPUTS>(items)).collect();
    inputs
        .take(usize::try_from(items).unwrap_or(usize::MAX))
        .fold(0, |sum, (_, n)| mix(sum, n))
        .await
}
