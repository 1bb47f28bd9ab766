//! Four inputs that always have items, merged into one.

use std::ops::Range;

use crate::harness::{Rival, Work};

pub(super) fn work() -> Work {
    Work::new("merge_of_4", 1_000_000)
        .goal(1.0 / 5.0, Rival::Best)
        .ours(ours)
        .ours_too("merge([..])", ours_of_a_list)
        .by_hand(by_hand)
        .rival("futures select_all", futures)
        .rival("tokio-stream merge", tokio_stream)
        .rival("tokio-stream StreamMap", tokio_stream_map)
        .rival("futures-concurrency", futures_concurrency)
        .pusher("rxrust", rxrust)
}

/// Every input has its share of the items.
fn input(items: u64, index: u64) -> Range<u64> {
    let share = items / 4;
    index * share..(index + 1) * share
}

/// Whatever the order in which the items come, the sum is the same.
#[inline]
fn gather(sum: u64, n: u64) -> u64 {
    sum.wrapping_add(n.wrapping_mul(n) ^ (n >> 3))
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = input(items, 0)
        .flow()
        .merge(input(items, 1).flow())
        .merge(input(items, 2).flow())
        .merge(input(items, 3).flow())
        .fold(0, gather)
        .await;
    sum
}

async fn ours_of_a_list(items: u64) -> u64 {
    use thalweg::{operators::combine::merge, prelude::*};

    let Ok(sum) = merge((0..4).map(|index| input(items, index).flow()))
        .fold(0, gather)
        .await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let mut inputs = [0, 1, 2, 3].map(|index| input(items, index));
    let mut sum = 0;
    while inputs.iter().any(|input| !input.is_empty()) {
        for input in &mut inputs {
            for n in input.take(64) {
                sum = gather(sum, n);
            }
        }
    }
    sum
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::select_all((0..4).map(|index| stream::iter(input(items, index))))
        .fold(0, |sum, n| ready(gather(sum, n)))
        .await
}

async fn tokio_stream(items: u64) -> u64 {
    use tokio_stream::{StreamExt, iter};

    iter(input(items, 0))
        .merge(iter(input(items, 1)))
        .merge(iter(input(items, 2)).merge(iter(input(items, 3))))
        .fold(0, gather)
        .await
}

async fn tokio_stream_map(items: u64) -> u64 {
    use tokio_stream::{StreamExt, StreamMap, iter};

    let inputs: StreamMap<_, _> = (0..4)
        .map(|index| (index, iter(input(items, index))))
        .collect();
    inputs.fold(0, |sum, (_, n)| gather(sum, n)).await
}

async fn futures_concurrency(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};
    use futures_concurrency::stream::Merge;

    [0, 1, 2, 3]
        .map(|index| stream::iter(input(items, index)))
        .merge()
        .fold(0, |sum, n| ready(gather(sum, n)))
        .await
}

/// Runs one input after the other: whatever pushes does not take turns.
fn rxrust(items: u64) -> u64 {
    use rxrust::prelude::*;

    let mut sum = 0;
    Local::from_iter(input(items, 0))
        .merge(Local::from_iter(input(items, 1)))
        .merge(Local::from_iter(input(items, 2)))
        .merge(Local::from_iter(input(items, 3)))
        .reduce_initial(0, gather)
        .subscribe(|result| sum = result);
    sum
}
