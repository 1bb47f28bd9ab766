//! A chain of `map`, `filter`, `scan` and `fold`.

use crate::harness::{Rival, Work};

pub(super) fn work() -> Work {
    Work::new("chain", 2_000_000)
        .goal(1.0 / 3.0, Rival::Named("futures"))
        .ours(ours)
        .by_hand(by_hand)
        .rival("futures", futures)
        .rival("tokio-stream", tokio_stream)
        .rival("wingfoil", wingfoil)
        .rival("wingfoil compiled", wingfoil_compiled)
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

/// What comes after the source, a graph that takes an item in each of its cycles.
mod graph {
    use std::time::Duration;

    use wingfoil::prelude::*;

    use super::{gather, keep, project};

    wingfoil::nitro! {
        pub(super) fn chain(g: &GraphBuilder) -> Stream<u64> {
            let numbers = g.ticker(Duration::from_nanos(100)).count();
            let kept = numbers
                .map(|n: &u64| project(n - 1))
                .filter_value(|n: &u64| keep(*n));
            let totals = kept.fold(0_u64, |total, n: &u64| *total = total.wrapping_add(*n));
            let sum = totals.fold(0_u64, |sum, total: &u64| *sum = gather(*sum, *total));
            sum
        }
    }
}

/// It replays history, so that the clock costs nothing.
const HISTORY: wingfoil::RunMode = wingfoil::RunMode::HistoricalFrom(wingfoil::NanoTime::ZERO);

fn cycles(items: u64) -> wingfoil::RunFor {
    wingfoil::RunFor::Cycles(u32::try_from(items).unwrap_or(u32::MAX))
}

async fn wingfoil(items: u64) -> u64 {
    let (mut runner, sum) = graph::chain::interpreted();
    let run = runner.run(HISTORY, cycles(items));
    run.map_or(0, |()| runner.value(sum))
}

async fn wingfoil_compiled(items: u64) -> u64 {
    graph::chain::compiled(HISTORY, cycles(items)).map_or(0, |(sum,)| sum)
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
