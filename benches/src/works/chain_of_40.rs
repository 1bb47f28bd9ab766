//! A chain of 40 stages, maps and filters in turns.
//!
//! rxrust is left out: with its 40 stages the compiler ran out of 24 GiB of memory.

use super::mix;
use crate::harness::{Rival, Work};

pub(super) fn work() -> Work {
    Work::new("chain_of_40", 200_000)
        .goal(1.0 / 3.0, Rival::Named("futures"))
        .ours(ours)
        .by_hand(by_hand)
        .rival("futures", futures)
        .rival("tokio-stream", tokio_stream)
}

#[inline]
fn project(n: u64) -> u64 {
    n.wrapping_add(n >> 3 | 1)
}

/// Lets most pass.
#[inline]
fn keep(n: u64) -> bool {
    n & 0xff00 != 0
}

/// Puts 20 pairs of stages on a flow.
macro_rules! forty_stages {
    ($flow:expr, $keep:expr) => {
        forty_stages!(@five forty_stages!(@five forty_stages!(@five forty_stages!(@five $flow, $keep), $keep), $keep), $keep)
    };
    (@five $flow:expr, $keep:expr) => {
        $flow
            .map(project)
            .filter($keep)
            .map(project)
            .filter($keep)
            .map(project)
            .filter($keep)
            .map(project)
            .filter($keep)
            .map(project)
            .filter($keep)
    };
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = forty_stages!((0..items).flow(), |&n| keep(n))
        .fold(0, mix)
        .await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let mut sum = 0;
    'items: for mut n in 0..items {
        for _ in 0..20 {
            n = project(n);
            if !keep(n) {
                continue 'items;
            }
        }
        sum = mix(sum, n);
    }
    sum
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    forty_stages!(stream::iter(0..items), |&n| ready(keep(n)))
        .fold(0, |sum, n| ready(mix(sum, n)))
        .await
}

async fn tokio_stream(items: u64) -> u64 {
    use tokio_stream::StreamExt;

    forty_stages!(tokio_stream::iter(0..items), |&n| keep(n))
        .fold(0, mix)
        .await
}
