//! A chain of `map`, `filter`, `scan` and `fold`.

use crate::harness::{Rival, Work};

pub(super) fn work() -> Work {
    Work::new("chain", 2_000_000)
        .goal(1.0 / 3.0, Rival::Named("futures"))
        .ours(ours)
        .by_hand(by_hand)
        .rival("futures", futures)
        .rival("tokio-stream", tokio_stream)
        .pusher("rxrust", rxrust)
}

// The steps are the same for all, boxed or not.

#[inline]
pub(super) fn project(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Lets three of four pass, in a pattern that the processor foresees: what it guesses wrong costs everybody the same.
#[inline]
pub(super) fn keep(n: u64) -> bool {
    n & 3 != 0
}

#[inline]
pub(super) fn gather(sum: u64, n: u64) -> u64 {
    sum ^ n
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = (0..items)
        .flow()
        .map(project)
        .filter(|&n| keep(n))
        .scan(0_u64, |total, n| {
            *total = total.wrapping_add(n);
            *total
        })
        .fold(0, gather)
        .await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let (mut total, mut sum) = (0_u64, 0);
    for n in 0..items {
        let n = project(n);
        if keep(n) {
            total = total.wrapping_add(n);
            sum = gather(sum, total);
        }
    }
    sum
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::iter(0..items)
        .map(project)
        .filter(|&n| ready(keep(n)))
        .scan(0_u64, |total, n| {
            *total = total.wrapping_add(n);
            ready(Some(*total))
        })
        .fold(0, |sum, n| ready(gather(sum, n)))
        .await
}

/// It has no `scan`; `map` with a state of its own does the same.
async fn tokio_stream(items: u64) -> u64 {
    use tokio_stream::StreamExt;

    let mut total = 0_u64;
    tokio_stream::iter(0..items)
        .map(project)
        .filter(|&n| keep(n))
        .map(move |n| {
            total = total.wrapping_add(n);
            total
        })
        .fold(0, gather)
        .await
}

fn rxrust(items: u64) -> u64 {
    use rxrust::prelude::*;

    let mut sum = 0;
    Local::from_iter(0..items)
        .map(project)
        .filter(|&n| keep(n))
        .scan(0_u64, u64::wrapping_add)
        .reduce_initial(0, gather)
        .subscribe(|result| sum = result);
    sum
}
