//! Two inputs, paired.

use super::mix;
use crate::harness::{Rival, Work};

pub(super) fn work() -> Work {
    Work::new("zip", 1_000_000)
        .goal(1.0, Rival::Named("futures"))
        .ours(ours)
        .by_hand(by_hand)
        .rival("futures", futures)
        .rival("futures-concurrency", futures_concurrency)
        .pusher("rxrust", rxrust)
}

#[inline]
fn gather(sum: u64, (one, other): (u64, u64)) -> u64 {
    mix(sum, one ^ other)
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = (0..items)
        .flow()
        .zip((items..2 * items).flow())
        .fold(0, gather)
        .await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let mut sum = 0;
    for pair in (0..items).zip(items..2 * items) {
        sum = gather(sum, pair);
    }
    sum
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::iter(0..items)
        .zip(stream::iter(items..2 * items))
        .fold(0, |sum, pair| ready(gather(sum, pair)))
        .await
}

async fn futures_concurrency(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};
    use futures_concurrency::stream::Zip;

    [stream::iter(0..items), stream::iter(items..2 * items)]
        .zip()
        .fold(0, |sum, [one, other]| ready(gather(sum, (one, other))))
        .await
}

fn rxrust(items: u64) -> u64 {
    use rxrust::prelude::*;

    let mut sum = 0;
    Local::from_iter(0..items)
        .zip(Local::from_iter(items..2 * items))
        .reduce_initial(0, gather)
        .subscribe(|result| sum = result);
    sum
}
