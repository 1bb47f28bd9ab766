//! A flow of 100 items made of every item, one after the other.

use super::mix;
use crate::harness::{Rival, Work};

/// Items of an inner flow.
const INNER: u64 = 100;

pub(super) fn work() -> Work {
    Work::new("concat_map", 1_000_000)
        .goal(1.0 / 2.0, Rival::Named("futures"))
        .ours(ours)
        .by_hand(by_hand)
        .rival("futures", futures)
        .pusher("rxrust", rxrust)
}

fn inner(start: u64) -> std::ops::Range<u64> {
    start * INNER..(start + 1) * INNER
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = (0..items / INNER)
        .flow()
        .concat_map(|start| inner(start).flow())
        .fold(0, mix)
        .await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let mut sum = 0;
    for start in 0..items / INNER {
        for n in inner(start) {
            sum = mix(sum, n);
        }
    }
    sum
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::iter(0..items / INNER)
        .flat_map(|start| stream::iter(inner(start)))
        .fold(0, |sum, n| ready(mix(sum, n)))
        .await
}

fn rxrust(items: u64) -> u64 {
    use rxrust::prelude::*;

    let mut sum = 0;
    Local::from_iter(0..items / INNER)
        .concat_map(|start| Local::from_iter(inner(start)))
        .reduce_initial(0, mix)
        .subscribe(|result| sum = result);
    sum
}
