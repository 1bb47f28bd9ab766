//! The last item of a burst that never runs dry.

use std::{cell::Cell, rc::Rc, time::Duration};

use super::mix;
use crate::harness::{Rival, Work};

/// Longer than any run takes, so that one item comes out, at the end.
const QUIET: Duration = Duration::from_mins(1);

pub(super) fn work() -> Work {
    Work::new("debounce", 1_000_000)
        .within(15.0)
        .goal(1.0, Rival::Best)
        .ours(ours)
        .by_hand(by_hand)
        .rival("tokio-stream timeout", tokio_stream)
        .pusher("rxrust", rxrust)
}

/// An item of its own, so that nobody can skip to the last.
#[inline]
fn project(n: u64) -> u64 {
    n ^ (n >> 7)
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let mut seen = 0;
    let Ok(sum) = (0..items)
        .flow()
        .map(|n| {
            seen = mix(seen, n);
            project(seen)
        })
        .debounce(QUIET)
        .fold(0, mix)
        .await;
    sum
}

fn by_hand(items: u64) -> u64 {
    let (mut seen, mut newest) = (0, None);
    for n in 0..items {
        seen = mix(seen, n);
        newest = Some(project(seen));
    }
    newest.map_or(0, |n| mix(0, n))
}

/// It has no debounce; this is how one is written with it.
async fn tokio_stream(items: u64) -> u64 {
    use tokio_stream::StreamExt;

    let mut seen = 0;
    let burst = tokio_stream::iter(0..items).map(move |n| {
        seen = mix(seen, n);
        project(seen)
    });
    let mut burst = std::pin::pin!(burst.timeout(QUIET));
    let (mut sum, mut newest) = (0, None);
    while let Some(item) = burst.next().await {
        match item {
            Ok(n) => newest = Some(n),
            Err(_elapsed) => sum = newest.take().map_or(sum, |n| mix(sum, n)),
        }
    }
    newest.map_or(sum, |n| mix(sum, n))
}

fn rxrust(items: u64) -> u64 {
    use rxrust::prelude::*;

    // Its timers are tasks of a `LocalSet`.
    let tasks = tokio::task::LocalSet::new();
    let _entered = tasks.enter();
    let sum = Rc::new(Cell::new(0));
    let result = Rc::clone(&sum);
    let mut seen = 0;
    Local::from_iter(0..items)
        .map(move |n| {
            seen = mix(seen, n);
            project(seen)
        })
        .debounce(QUIET)
        .reduce_initial(0, mix)
        .subscribe(move |n| result.set(n));
    sum.get()
}
