//! Items sorted by 10,000 keys, and counted and summed by key.

use std::collections::HashMap;

use crate::harness::{Rival, Work};

const KEYS: u64 = 10_000;

pub(super) fn work() -> Work {
    Work::new("group_by_10000", 1_000_000)
        .within(100.0)
        .goal(1.0, Rival::Best)
        .ours(ours)
        .by_hand(by_hand)
        .rival("a tokio task for each key", tokio_tasks)
        .pusher("rxrust", rxrust)
}

/// Spreads the items over the keys.
#[inline]
fn key(n: u64) -> u64 {
    (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % KEYS
}

/// A running sum of its own for every key: what a group's consumer does with an item.
#[inline]
fn step(of_group: u64, n: u64) -> u64 {
    of_group.rotate_left(1) ^ n
}

/// Gathers what comes out of the groups; their order does not matter.
#[inline]
fn gather(sum: u64, of_group: u64) -> u64 {
    sum.wrapping_add(of_group)
}

async fn ours(items: u64) -> u64 {
    use thalweg::{operators::transform::UNLIMITED, prelude::*};

    (0..items)
        .flow()
        .group_by(|&n| key(n))
        .merge_map(UNLIMITED, |group| {
            group.scan(0, |of_group, n| {
                *of_group = step(*of_group, n);
                *of_group
            })
        })
        .fold(0, gather)
        .await
        .expect("the source does not fail")
}

fn by_hand(items: u64) -> u64 {
    let mut groups: HashMap<u64, u64> = HashMap::new();
    let mut sum = 0;
    for n in 0..items {
        let of_group = groups.entry(key(n)).or_default();
        *of_group = step(*of_group, n);
        sum = gather(sum, *of_group);
    }
    sum
}

/// A map of channels, each with a task that reads it.
async fn tokio_tasks(items: u64) -> u64 {
    use tokio::sync::mpsc;

    let mut groups: HashMap<u64, mpsc::Sender<u64>> = HashMap::new();
    let mut tasks = Vec::new();
    for n in 0..items {
        let sender = groups.entry(key(n)).or_insert_with(|| {
            let (sender, mut receiver) = mpsc::channel(256);
            tasks.push(tokio::spawn(async move {
                let (mut of_group, mut sum) = (0, 0);
                while let Some(n) = receiver.recv().await {
                    of_group = step(of_group, n);
                    sum = gather(sum, of_group);
                }
                sum
            }));
            sender
        });
        // A task reads until its sender is dropped.
        let _ = sender.send(n).await;
    }
    drop(groups);
    let mut sum = 0;
    for task in tasks {
        sum = gather(sum, task.await.expect("a group's task does not panic"));
    }
    sum
}

fn rxrust(items: u64) -> u64 {
    use std::{cell::Cell, rc::Rc};

    use rxrust::prelude::*;

    let sum = Rc::new(Cell::new(0));
    let result = Rc::clone(&sum);
    Local::from_iter(0..items)
        .group_by(|&n| key(n))
        .subscribe(move |group| {
            let sum = Rc::clone(&result);
            group
                .scan(0, step)
                .subscribe(move |of_group| sum.set(gather(sum.get(), of_group)));
        });
    sum.get()
}
