//! A running sum for each of 10,000 keys, in one flow.

use std::collections::HashMap;

use super::mix;
use crate::harness::{Rival, Work};

const KEYS: u64 = 10_000;

pub(super) fn work() -> Work {
    Work::new("keyed_scan_10000", 1_000_000)
        .goal(1.5, Rival::Hand)
        .goal(1.0, Rival::Best)
        .ours(ours)
        .by_hand(by_hand)
        .rival("futures", futures)
}

/// Keys in no order.
#[inline]
fn key(n: u64) -> u64 {
    (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % KEYS
}

#[inline]
fn step(sums: &mut HashMap<u64, u64>, n: u64) -> u64 {
    let sum = sums.entry(key(n)).or_default();
    *sum = mix(*sum, n);
    *sum
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = (0..items)
        .flow()
        .scan(HashMap::new(), step)
        .fold(0, mix)
        .await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let mut sums = HashMap::new();
    (0..items).fold(0, |sum, n| mix(sum, step(&mut sums, n)))
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::iter(0..items)
        .scan(HashMap::new(), |sums, n| ready(Some(step(sums, n))))
        .fold(0, |sum, n| ready(mix(sum, n)))
        .await
}
