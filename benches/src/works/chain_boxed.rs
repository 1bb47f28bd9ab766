//! The chain of `map`, `filter`, `scan` and `fold`, with the type erased after every stage.

use std::{cell::Cell, rc::Rc};

use super::chain::{gather, keep, project};
use crate::harness::{Rival, Work};

pub(super) fn work() -> Work {
    Work::new("chain_boxed", 1_000_000)
        .goal(1.0 / 2.0, Rival::Named("futures"))
        .ours(ours)
        .rival("futures", futures)
        .pusher("rxrust", rxrust)
}

async fn ours(items: u64) -> u64 {
    use thalweg::prelude::*;

    let Ok(sum) = (0..items)
        .flow()
        .boxed()
        .map(project)
        .boxed()
        .filter(|&n| keep(n))
        .boxed()
        .scan(0_u64, |total, n| {
            *total = total.wrapping_add(n);
            *total
        })
        .boxed()
        .fold(0, gather)
        .await;
    sum
}

async fn futures(items: u64) -> u64 {
    use futures::{StreamExt, future::ready, stream};

    stream::iter(0..items)
        .boxed()
        .map(project)
        .boxed()
        .filter(|&n| ready(keep(n)))
        .boxed()
        .scan(0_u64, |total, n| {
            *total = total.wrapping_add(n);
            ready(Some(*total))
        })
        .boxed()
        .fold(0, |sum, n| ready(gather(sum, n)))
        .await
}

fn rxrust(items: u64) -> u64 {
    use rxrust::prelude::*;

    let sum = Rc::new(Cell::new(0));
    let result = Rc::clone(&sum);
    Local::from_iter(0..items)
        .box_it()
        .map(project)
        .box_it()
        .filter(|&n| keep(n))
        .box_it()
        .scan(0_u64, u64::wrapping_add)
        .box_it()
        .reduce_initial(0, gather)
        .subscribe(move |sum| result.set(sum));
    sum.get()
}
